//! By which of Braze's calls replies are sent.

use braze::{ApprovedTemplate, Delivery, Sender};
use platform::settings::Settings as Reader;

#[derive(Clone, Copy)]
enum Kind {
    Campaign,
    Messages,
    Canvas,
}

/// Reads `BRAZE_DELIVERY` and what belongs to it: `campaign` with `BRAZE_CAMPAIGN_ID`, `messages` with `BRAZE_APP_ID`,
/// `BRAZE_SUBSCRIPTION_GROUP_ID` and perhaps `BRAZE_TEMPLATE` with `BRAZE_TEMPLATE_LANGUAGE`, or `canvas` with
/// `BRAZE_CANVAS_ID`.
pub(crate) fn read(reader: &mut Reader) -> Delivery {
    let kinds = [("campaign", Kind::Campaign), ("messages", Kind::Messages), ("canvas", Kind::Canvas)];
    match reader.one_of("BRAZE_DELIVERY", &kinds) {
        Kind::Campaign => Delivery::Campaign(reader.required("BRAZE_CAMPAIGN_ID")),
        Kind::Canvas => Delivery::Canvas(reader.required("BRAZE_CANVAS_ID")),
        Kind::Messages => Delivery::Messages(Sender {
            app_id: reader.required("BRAZE_APP_ID"),
            subscription_group_id: reader.required("BRAZE_SUBSCRIPTION_GROUP_ID"),
            template: template(reader),
        }),
    }
}

fn template(reader: &mut Reader) -> Option<ApprovedTemplate> {
    let name = reader.optional("BRAZE_TEMPLATE")?;
    Some(ApprovedTemplate { name, language_code: reader.required("BRAZE_TEMPLATE_LANGUAGE") })
}
