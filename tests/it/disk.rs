//! A disk without room: writes are refused clearly, what was acknowledged goes on being read and matched, and when there
//! is room again so are writes, without a restart.
//!
//! The system's limit of a file's size stands in for the disk: it needs no rights to set and to lift.

use std::process::Command;

use crate::client::Call;
use crate::crash::Program;

/// KiB that a file may have.
const LIMIT: &str = "3000";

fn put(program: &Program, id: usize) -> crate::client::Answer {
    let body = format!(r#"{{"kind":"missing","sex":"male","narrative":"{}"}}"#, "long ".repeat(10_000));
    Call::new(program.address, "PUT", &format!("/v1/records/disk/{id}?matches=false")).send(body.as_bytes())
}

fn listed(program: &Program) -> usize {
    let body = br#"{"kind":"unidentified","sex":"male"}"#;
    let list = Call::new(program.address, "POST", "/v1/match?limit=100").send(body).json();
    list["candidates"].as_array().unwrap().len()
}

#[test]
fn a_full_disk_refuses_writes_until_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let limited = format!("trap '' XFSZ; ulimit -S -f {LIMIT}; exec \"$@\"");
    let mut command = Command::new("bash");
    command.args(["-c", &limited, "bash", env!("CARGO_BIN_EXE_crossmatch")]);
    let program = Program::start(command, directory.path());
    let stored = (0..).take_while(|id| put(&program, *id).status == 201).count();
    assert!(stored > 0);

    let refused = put(&program, stored);
    assert_eq!((refused.status, refused.json()["code"].as_str()), (507, Some("disk_full")));
    assert_eq!(listed(&program), stored, "what is stored is matched");
    for id in 0..=stored {
        let found = Call::new(program.address, "GET", &format!("/v1/records/disk/{id}")).send(b"");
        assert_eq!(found.status, if id < stored { 200 } else { 404 });
    }
    assert_eq!(Call::new(program.address, "GET", "/readyz").send(b"").status, 200);

    let room = Command::new("prlimit").args(["--fsize=unlimited", "--pid", &program.id()]).status().unwrap();
    assert!(room.success());
    assert_eq!(put(&program, stored).status, 201);
    assert_eq!(listed(&program), stored + 1);
    program.kill();
    let again = Program::start(Command::new(env!("CARGO_BIN_EXE_crossmatch")), directory.path());
    assert_eq!(listed(&again), stored + 1);
    again.kill();
}
