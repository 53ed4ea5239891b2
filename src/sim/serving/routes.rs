//! Routes as a table, matched without regard to case.

use http::{Method, StatusCode};

use super::answer::Answer;
use super::call::Call;

/// Method, pattern, endpoint and handler. In a pattern `{name}` takes any segment; `{page?}` a number, or nothing at the end.
pub type Route<E, H> = (&'static str, &'static str, E, H);

/// The first route that fits a call. What its placeholders stand for is in the call then.
pub fn find<E: Copy, H: Copy>(routes: &[Route<E, H>], call: &mut Call) -> Result<(E, H), Answer> {
    // A list URL answers HEAD with the status that GET would have; the server leaves out the body.
    let method = if call.method == Method::HEAD { "GET" } else { call.method.as_str() };
    let of_method = routes.iter().filter(|(known, ..)| *known == method);
    let found = of_method
        .filter_map(|(_, pattern, endpoint, handler)| {
            Some((matches(pattern, &call.path)?, *endpoint, *handler))
        })
        .next();
    if let Some((arguments, endpoint, handler)) = found {
        call.arguments = arguments;
        return Ok((endpoint, handler));
    }
    let other_method_fits = routes.iter().any(|(_, pattern, ..)| matches(pattern, &call.path).is_some());
    let status = if other_method_fits { StatusCode::METHOD_NOT_ALLOWED } else { StatusCode::NOT_FOUND };
    Err(Answer::no_resource(status))
}

/// What the placeholders of a pattern stand for in a path; nothing if the path does not fit.
pub fn matches(pattern: &'static str, path: &[String]) -> Option<Vec<(&'static str, String)>> {
    let mut arguments = Vec::new();
    let mut segments = path.iter();
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let segment = segments.next();
        match (part.strip_prefix('{').and_then(|part| part.strip_suffix('}')), segment) {
            (Some("page?"), None) => {}
            (Some("page?"), Some(number)) => arguments.push(("page", number.clone())),
            (Some(name), Some(segment)) => arguments.push((name, segment.clone())),
            (None, Some(segment)) if segment.eq_ignore_ascii_case(part) => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(arguments)
}
