//! A request by hand: methods, paths, headers, tokens, raw bodies.

use http::{HeaderName, HeaderValue, Method, header};
use models::RouteName;

use crate::cases::{Called, Told};
use crate::chain::Chain;
use crate::door::{Door, Visit};
use crate::notation::Notation;
use crate::received::{asked, message, quarantined, refused, same};

/// What most requests say: "hi" by user 42.
const HI: &str = r#"{"user_id": "42", "phone_number": "", "message": "hi"}"#;

impl Called {
    pub(crate) fn visit(&self) -> Visit {
        let mut visit = Visit::webhook();
        if let Some(method) = &self.method {
            visit.method = Method::from_bytes(method.as_bytes()).unwrap();
        }
        if let Some(path) = &self.path {
            visit.path = path.text();
        }
        visit.query.clone_from(&self.query);
        let value = |notation: &Notation| HeaderValue::from_bytes(&notation.bytes()).expect("a header's value");
        if let Some(authorizations) = &self.authorization {
            visit.headers.remove(header::AUTHORIZATION);
            visit.headers.extend(authorizations.iter().map(|given| (header::AUTHORIZATION, value(given))));
        }
        for (name, given) in &self.headers {
            visit.headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value(given));
        }
        visit
    }
}

impl Chain {
    /// Whether a request by hand is answered as `told` wants it.
    pub(crate) async fn answers(&self, called: &Called, told: &Told) -> Result<(), String> {
        let own = called.secret.as_ref().map(|secret| Door::with_secret(secret, called.previous.as_deref()));
        let door = own.as_ref().unwrap_or(&self.door);
        door.start_again();
        let body = called.body.as_ref().map_or(HI.as_bytes().to_vec(), Notation::bytes);
        let arrival = door.visit(&called.visit(), &body).await;
        if let Some(reason) = &told.quarantined {
            return quarantined(&arrival, &body, reason);
        }
        if let Some(status) = told.status.filter(|status| *status != 202) {
            return refused(&arrival, status);
        }
        if let Some(deed) = &told.asked {
            asked(&arrival, deed, told)?;
            door.wait(1);
            let again = door.visit(&called.visit(), &body).await;
            asked(&again, deed, told)?;
            let repeated = arrival.answer.body["message_id"] == again.answer.body["message_id"];
            return same("whether it is known again", &repeated, &told.repeatable.unwrap_or(false));
        }
        let message = message(&arrival)?;
        let usual = called.body.is_none().then(|| Notation::from("hi"));
        let text = told.text.clone().or(usual).expect("a body of its own needs a text that is expected").text();
        same("the text", &message.text.as_str(), &text.as_str())?;
        let user = told.user.as_deref().unwrap_or("user:42");
        same("the user", &message.identity.conversation().as_str(), &user)?;
        same("whether it was shortened", &message.shortened, &told.shortened)?;
        same("the route", &message.route.as_ref().map(RouteName::as_str), &told.route.as_deref())
    }
}
