//! What a failed call means. The SDK's error is dropped here: its text may quote the question.

use std::error::Error;

use aws_sdk_bedrockruntime::config::http::HttpResponse;
use aws_sdk_bedrockruntime::error::SdkError;
use http_body_util::LengthLimitError;

use crate::AiError;
use crate::http::succeeded;

/// The model failed, not the request (`ModelErrorException`): it may pass, although it is a 4xx
/// (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>).
const MODEL_FAILED: u16 = 424;

const UNREACHABLE: AiError = AiError::Unavailable { status: None, retry_after: None };

/// What `error` means to the caller. Every exception of the API has a status that says so: throttled and not ready are 429, timed
/// out is 408, access denied is 403, not valid is 400.
pub(super) fn meaning<E: Error + 'static>(error: &SdkError<E>) -> AiError {
    match error {
        SdkError::TimeoutError(_) => AiError::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => AiError::TimedOut,
        SdkError::ServiceError(context) => refusal(context.raw()),
        SdkError::ResponseError(context) => match refusal(context.raw()) {
            AiError::Unusable(_) if is_too_large(error) => AiError::Unusable("it is larger than 1 MiB"),
            AiError::Unusable(_) => UNREACHABLE,
            refused => refused,
        },
        // No connection, or no credentials.
        _ => UNREACHABLE,
    }
}

/// What the status says; a 2xx in an error is an answer that could not be read.
fn refusal(response: &HttpResponse) -> AiError {
    let status = response.status().as_u16();
    match succeeded(status, response.headers().get("retry-after")) {
        Ok(()) => AiError::Unusable("it is no message"),
        Err(_) if status == MODEL_FAILED => AiError::Unavailable { status: Some(status), retry_after: None },
        Err(refused) => refused,
    }
}

fn is_too_large(error: &(dyn Error + 'static)) -> bool {
    error.is::<LengthLimitError>() || error.source().is_some_and(is_too_large)
}
