//! Whose certificates a process trusts.
//!
//! To read and parse the system's roots, a bundle and some hundred files, is the largest part of a cold start, so on Lambda
//! the roots are compiled in. The trade: they are as old as the build. Whoever needs others, say of a proxy that opens TLS,
//! sets `SSL_CERT_FILE` or `SSL_CERT_DIR`, and the system's are read as everywhere else.

/// Where the roots come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// They are in the binary.
    CompiledIn,
    /// The system has them.
    System,
}

impl Trust {
    /// What the environment wants.
    pub(crate) fn of(lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let is_set = |name| lookup(name).is_some_and(|value| !value.is_empty());
        let own = is_set("SSL_CERT_FILE") || is_set("SSL_CERT_DIR");
        if is_set("AWS_LAMBDA_FUNCTION_NAME") && !own { Self::CompiledIn } else { Self::System }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lambda_has_compiled_in_roots_and_nobody_who_names_others() {
        let lambda = "AWS_LAMBDA_FUNCTION_NAME";
        for (set, expected) in [
            (&[][..], Trust::System),
            (&[lambda], Trust::CompiledIn),
            (&[lambda, "SSL_CERT_FILE"], Trust::System),
            (&[lambda, "SSL_CERT_DIR"], Trust::System),
            (&["SSL_CERT_FILE"], Trust::System),
        ] {
            let lookup = |name: &str| set.contains(&name).then(|| "something".to_owned());
            assert_eq!(Trust::of(&lookup), expected, "{set:?}");
        }
    }
}
