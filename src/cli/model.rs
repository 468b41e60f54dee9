//! The model file that a command was given.

use std::path::Path;

use super::Failure;
use crate::model::Model;

/// The model of a file; the built-in one without a file.
pub(super) fn load(file: Option<&Path>) -> Result<Model, Failure> {
    let Some(file) = file else { return Ok(Model::default()) };
    let failed =
        |error: &dyn std::fmt::Display| Failure::doing(format_args!("cannot use the model {}", file.display()), error);
    let text = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
    Model::parse(&text).map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_what_is_wrong() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("model.toml");
        let error = |file: &Path| load(Some(file)).err().map(|failure| failure.to_string()).unwrap_or_default();
        assert!(error(&file).contains("model.toml: "), "{}", error(&file));
        std::fs::write(&file, "presence = 3").expect("written");
        assert!(
            error(&file).ends_with("model.toml: `presence` is 3; expected a share between 0 and 1, neither of them")
        );
        std::fs::write(&file, "presence = 0.4").expect("written");
        assert!(load(Some(&file)).is_ok_and(|model| model.presence == 0.4));
    }
}
