//! `/_gate/check-again`: somebody who may not open a page has just renewed, and wants us to ask the AMS now.

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::Response;

use super::arrived::Arrived;
use super::log;
use super::pages::{Notice, Retry};
use super::present::Present;
use super::state::{Services, answer, see_other};
use crate::domain::return_to::ReturnTo;
use crate::flows::person::RefreshError;
use crate::flows::refresh::CheckedAgain;

/// One address. Bytes.
const LARGEST_BODY: usize = 16 * 1024;

/// When to ask again, after the store did not take what was read.
const SOON: Retry = Retry::after(5);

/// Reads the person again and leads back to the page, where the roles of now decide. A form of another site does nothing: whatever
/// it would cost is the association's budget of calls.
pub async fn check_again(
    State(services): State<Services>,
    Extension(arrived): Extension<Arrived>,
    present: Option<Present>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if !arrived.is_sent_from_here(&parts.headers) {
        return answer(Notice::BadRequest.html(&arrived.frame()));
    }
    let Ok(form) = to_bytes(body, LARGEST_BODY).await else {
        return answer(Notice::BodyTooLarge.html(&arrived.frame()));
    };
    let page = page_of(&arrived, &form);
    // Nobody is here any more, or views the site as another person: the page knows what to do.
    let Some(Present { live, .. }) = present else { return see_other(&page) };
    let notice = match services.refresh.check_again(live.person()).await {
        Ok(CheckedAgain::Read) => return see_other(&page),
        Ok(CheckedAgain::JustChecked) => Notice::CheckedLately { page },
        Err(error) => {
            let notice = match error {
                RefreshError::Store(_) => Notice::Unavailable(SOON.by_hand()),
                RefreshError::Ams(_) | RefreshError::Missing => Notice::NotChecked { page },
            };
            log::ending(&arrived, notice.outcome(), &error);
            notice
        }
    };
    answer(notice.html(&arrived.frame()))
}

/// The page that the form names, or the site's home, as an absolute address of this site.
fn page_of(arrived: &Arrived, form: &[u8]) -> String {
    let named = url::form_urlencoded::parse(form).find(|(name, _)| name == "page");
    let page = named.and_then(|(_, address)| {
        let path = address.strip_prefix(&arrived.site.origin).unwrap_or(&address);
        ReturnTo::parse(path).ok()
    });
    page.map_or_else(|| arrived.home_address(), |page| arrived.address_of(&page))
}
