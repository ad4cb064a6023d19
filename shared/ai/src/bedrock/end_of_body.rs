//! A body has an end: the SDK alone would read whatever comes.

use aws_sdk_bedrockruntime::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_bedrockruntime::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_bedrockruntime::error::BoxError;
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;

use crate::http::LARGEST_BODY;

/// Breaks a body off where it is larger than one may be, with a [`http_body_util::LengthLimitError`].
#[derive(Debug)]
pub(super) struct EndOfBody;

impl Intercept for EndOfBody {
    fn name(&self) -> &'static str {
        "EndOfBody"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        let whole = std::mem::replace(body, SdkBody::taken());
        *body = SdkBody::from_body_1_x(Limited::new(whole, LARGEST_BODY));
        Ok(())
    }
}
