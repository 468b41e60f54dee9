//! One post to a webhook: signed, bounded in time, told apart by how it ended.
//!
//! The headers are those of Standard Webhooks (standardwebhooks.com, 1.0): `webhook-id`, `webhook-timestamp`, and
//! `webhook-signature`, `v1,` and the HMAC-SHA256 in base64 of id, timestamp and body with dots between them. The key is
//! the secret's base64 behind `whsec_`. Neither address nor secret is ever logged.

use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use tokio::sync::oneshot;
use ureq::Agent;

use super::Telling;
use super::addresses::{AllowedAddresses, NotAllowed};
use crate::outbound;

/// How long one post may take, from the name to the answer.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes that are read of an answer.
const ANSWER_MAX: u64 = 4_096;
/// Bytes of a secret.
const SECRET_BYTES: usize = 32;
const SECRET_PREFIX: &str = "whsec_";

/// Who posts.
pub(super) struct Post {
    telling: Telling,
    /// Made when it is needed: it reads the certificates that the system trusts.
    agent: OnceLock<Agent>,
}

/// How a post ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// With a status from 200 to 299, and this answer.
    Taken(Vec<u8>),
    /// With another status.
    Refused(u16),
    /// Without an answer in time.
    Unreachable,
    /// Before it began: the address may not be connected to.
    NotAllowed,
}

impl Outcome {
    /// Its name, for metrics and the log.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Taken(_) => "taken",
            Self::Refused(_) => "refused",
            Self::Unreachable => "unreachable",
            Self::NotAllowed => "not_allowed",
        }
    }
}

impl Post {
    pub(super) const fn new(telling: Telling) -> Self {
        Self { telling, agent: OnceLock::new() }
    }

    fn agent(&self) -> Agent {
        let allowed = AllowedAddresses::new(&self.telling.webhook_allow);
        outbound::named_by_callers(allowed, !self.telling.webhook_http, TIMEOUT)
    }

    /// Posts a body. On a thread of its own: a stop of the service waits for no receiver.
    pub(super) async fn send(&self, (url, secret): (&str, &str), id: &str, body: String) -> Outcome {
        let timestamp = Timestamp::now().as_second().to_string();
        let signature = sign(secret, id, &timestamp, &body);
        let agent = self.agent.get_or_init(|| self.agent()).clone();
        let request = agent
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature);
        let (answer, answered) = oneshot::channel();
        let post = move || _ = answer.send(outcome(request.send(body)));
        match std::thread::Builder::new().name("webhook".to_owned()).spawn(post) {
            Ok(_) => answered.await.unwrap_or(Outcome::Unreachable),
            Err(_) => Outcome::Unreachable,
        }
    }
}

fn outcome(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Outcome {
    match answer {
        Ok(answer) if answer.status().is_success() => {
            let body = answer.into_body().into_with_config().limit(ANSWER_MAX).read_to_vec();
            // Taken is taken, whatever it says beside it.
            Outcome::Taken(body.unwrap_or_default())
        }
        Ok(answer) => Outcome::Refused(answer.status().as_u16()),
        Err(ureq::Error::Other(error)) if error.is::<NotAllowed>() => Outcome::NotAllowed,
        Err(_) => Outcome::Unreachable,
    }
}

/// A new secret; none: the system has no random numbers.
pub(super) fn secret() -> Option<String> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).ok()?;
    Some(format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes)))
}

fn sign(secret: &str, id: &str, timestamp: &str, body: &str) -> String {
    let key = STANDARD.decode(secret.strip_prefix(SECRET_PREFIX).unwrap_or(secret)).unwrap_or_default();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length is one");
    for part in [id, ".", timestamp, ".", body] {
        mac.update(part.as_bytes());
    }
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own test of its library.
    #[test]
    fn a_signature_is_that_of_standard_webhooks() {
        let signature = sign(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_differ_and_are_long_enough() {
        let [one, other] = [secret().unwrap(), secret().unwrap()];
        let bytes = STANDARD.decode(one.strip_prefix(SECRET_PREFIX).unwrap()).unwrap();
        assert!(one != other && bytes.len() == SECRET_BYTES);
    }
}
