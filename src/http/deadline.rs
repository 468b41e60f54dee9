//! Deadlines: how long a caller waits for what has to be computed.
//!
//! A call that is late is refused as a whole; a list is never cut short to be in time. What has not begun by then is not
//! begun any more.

use std::future::Future;
use std::time::Duration;

use super::parameters::Parameters;
use super::problem::Problem;

/// Milliseconds that a caller may name.
const TIMEOUTS_MS: std::ops::RangeInclusive<u64> = 1..=3_600_000;

/// `timeout_ms` of a call; none: as long as it takes.
pub(super) fn of(parameters: &mut Parameters) -> Result<Option<Duration>, Problem> {
    let ms = parameters.read("timeout_ms", "a whole number from 1 to 3600000", |text| {
        text.parse().ok().filter(|ms| TIMEOUTS_MS.contains(ms))
    })?;
    Ok(ms.map(Duration::from_millis))
}

/// Waits for an answer as long as the caller does.
pub(super) async fn within<T, E: Into<Problem>>(
    timeout: Option<Duration>,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, Problem> {
    let Some(timeout) = timeout else { return answer.await.map_err(E::into) };
    match tokio::time::timeout(timeout, answer).await {
        Ok(answered) => answered.map_err(E::into),
        Err(_) => Err(Problem::TooLate { timeout_ms: timeout.as_millis() as u64 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_late_is_refused_and_whoever_is_not_is_answered_whole() {
        super::super::block_on(async {
            let short = Some(Duration::from_millis(1));
            let late = within(short, std::future::pending::<Result<(), Problem>>()).await;
            assert!(matches!(late, Err(Problem::TooLate { timeout_ms: 1 })), "{late:?}");
            let ready = std::future::ready(Ok::<_, Problem>(7));
            assert_eq!(within(short, ready.clone()).await.expect("an answer"), 7);
            assert_eq!(within(None, ready).await.expect("an answer"), 7);
        });
    }
}
