//! Whose conversation the work of a task is about, so that every step can be shown, and forgotten, with its user.

use std::cell::RefCell;

tokio::task_local! {
    static WHOSE: RefCell<Option<String>>;
}

/// Does `work`, which is about `conversation`.
pub(crate) async fn about<F: Future>(conversation: Option<String>, work: F) -> F::Output {
    WHOSE.scope(RefCell::new(conversation), work).await
}

/// Does `work` and finds out whom it was about, if somebody [noted](note) it.
pub(crate) async fn found_out<F: Future>(work: F) -> (F::Output, Option<String>) {
    about(None, async { (work.await, conversation()) }).await
}

/// Notes whom the work of this task is about.
pub(crate) fn note(conversation: &str) {
    // Work that nobody asks about has no place for it.
    let _ = WHOSE.try_with(|whose| *whose.borrow_mut() = Some(conversation.to_owned()));
}

/// Whom the work of this task is about, as far as it is known.
pub(crate) fn conversation() -> Option<String> {
    WHOSE.try_with(|whose| whose.borrow().clone()).ok().flatten()
}

/// Whom a call to Braze is about: the first user in it.
pub(crate) fn in_braze_call(body: &serde_json::Value) -> Option<String> {
    let mut lists = ["recipients", "attributes", "events"].into_iter();
    let user = lists.find_map(|list| body[list].get(0)).unwrap_or(body);
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let external = ["external_user_id", "external_id"].into_iter().find_map(|key| text(&user[key]));
    let external = external.or_else(|| text(&body["external_user_ids"][0])).map(|id| format!("user:{id}"));
    let alias = &user["user_alias"];
    let alias = || Some(format!("alias:{}:{}", text(&alias["alias_label"])?, text(&alias["alias_name"])?));
    external.or_else(alias).or_else(|| Some(format!("braze:{}", text(&user["braze_id"])?)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn what_is_noted_while_working_is_found_out_and_does_not_leave_the_task() {
        let ((), whose) = found_out(async { note("user:ada") }).await;
        assert_eq!(whose.as_deref(), Some("user:ada"));
        assert_eq!(conversation(), None);
        assert_eq!(about(whose, async { conversation() }).await.as_deref(), Some("user:ada"));
    }

    #[test]
    fn a_call_to_braze_is_about_the_user_it_names() {
        for (body, expected) in [
            (json!({"recipients": [{"external_user_id": "ada"}]}), Some("user:ada")),
            (
                json!({"recipients": [{"user_alias": {"alias_label": "phone", "alias_name": "+49"}}]}),
                Some("alias:phone:+49"),
            ),
            (json!({"attributes": [{"braze_id": "b1"}]}), Some("braze:b1")),
            (json!({"events": [{"external_id": "ada"}]}), Some("user:ada")),
            (json!({"external_user_ids": ["ada"]}), Some("user:ada")),
            (json!({"campaign_id": "x"}), None),
            (json!(null), None),
        ] {
            assert_eq!(in_braze_call(&body).as_deref(), expected, "{body}");
        }
    }
}
