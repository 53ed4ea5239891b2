//! Every word of every notice, in one match, so that they can be read and judged in one sitting.
//!
//! Each says what happened in one plain sentence, then what to do next. No technical terms, no blame on the reader.

use super::notice::{AnswerFault, Notice, Refused, contact_link};
use super::{Frame, Link};
use crate::domain::outcome::Outcome;
use crate::domain::path::PathFault;

/// The text of a notice.
pub(super) struct Words {
    pub(super) title: &'static str,
    /// What happened; also the `message` of the JSON twin.
    pub(super) sentence: String,
    /// What to do next; may be empty.
    pub(super) advice: String,
    /// The first is the main one.
    pub(super) actions: Vec<Link>,
}

/// The words of this notice.
pub(super) fn of(notice: &Notice, frame: &Frame) -> Words {
    let association = &frame.association;
    let heading = frame.heading();
    let home = || Link::new("Go to the home page", &frame.home);
    let again = |label| frame.again.as_ref().map(|again| Link::new(label, again));
    let retry = || again("Try again").unwrap_or_else(home);
    let words = |title, sentence: String, advice: &str, actions| Words {
        title,
        sentence,
        advice: advice.to_owned(),
        actions,
    };
    match notice {
        Notice::SignInRequired { login } => words(
            "Please sign in",
            format!("You need to sign in with your {association} account to open this."),
            "",
            vec![Link::new("Sign in", login)],
        ),
        Notice::FormNotKept { login } => words(
            "Please sign in, then send your form again",
            "You were signed out, so your form was not sent. It is too large, or has attachments, so we could \
             not keep it for you."
                .to_owned(),
            "Sign in first: the link opens a new tab. Then come back to this tab, go back to your form and send \
             it again. Most browsers keep what you typed.",
            vec![Link { new_tab: true, ..Link::new("Sign in", login) }],
        ),
        Notice::Refused(refused) => refused_words(refused, frame.again.is_some()),
        Notice::CheckedLately { page } => words(
            "We have just checked",
            format!("We asked {association} about your account less than a minute ago."),
            "A renewal can take a few minutes to arrive there. Wait a minute, then check once more.",
            vec![Link::new("Go back to the page", page)],
        ),
        Notice::NotChecked { page } => words(
            "We could not check just now",
            format!("The system of {association} that knows your membership is not answering."),
            "Nothing is wrong with your account, and you stay signed in. We will ask again by ourselves; you can also try once more in a few minutes.",
            vec![Link::new("Go back to the page", page)],
        ),
        Notice::NotAdmitted { contact, sign_out } => words(
            "This account cannot be used here",
            format!("{association} does not currently allow this account to sign in."),
            "The account may still be waiting for approval, or it may have been closed. The association's office \
             can tell you more.",
            [Link::new("Use another account", sign_out)].into_iter().chain(contact.iter().map(contact_link)).collect(),
        ),
        Notice::SignInFailed { outcome, again } => {
            let (title, sentence, advice) = sign_in_failed(*outcome, association);
            words(title, sentence, advice, vec![Link::new("Sign in again", again)])
        }
        Notice::SiteNotRegistered { why, contact } => words(
            "That site is not set up yet",
            format!("A site sent you here to sign in with your {association} account, and it is not registered in this way."),
            &format!("Nothing is wrong with your account. Tell whoever looks after that site: {why}."),
            contact.iter().map(contact_link).collect(),
        ),
        Notice::NotKnownThere { client, .. } => words(
            "That site does not know you yet",
            format!("{client} has to be told about your {association} account first, and that has not happened yet."),
            "Nothing is wrong with your account, and you are signed in here. Try again in a minute. If you still read this tomorrow, contact the \
             association and give the reference below.",
            vec![retry()],
        ),
        Notice::LogoutRefused { why, sign_out } => words(
            "You are not signed out yet",
            "A site asked us to sign you out, but its request is not in order, so nothing was changed.".to_owned(),
            &format!("You can sign out here. Tell whoever looks after that site: {why}."),
            vec![Link::new("Sign out", sign_out)],
        ),
        Notice::SignedOutHere { go_on } => words(
            "You are signed out of this site",
            "A part of our system does not answer at this moment, so your other sites and apps are not told yet. They will be as soon as it answers."
                .to_owned(),
            "Go on to sign out everywhere else. If other people use this computer, close the browser afterwards.",
            vec![Link::new("Go on signing out", go_on)],
        ),
        Notice::BadRequest => words(
            "We could not read that request",
            "The address or the request is not complete, or is damaged.".to_owned(),
            "If you followed a link, check that all of it was copied. Otherwise start from the home page.",
            vec![home()],
        ),
        Notice::RequestSlow => words(
            "Your request came too slowly",
            "What you sent did not arrive in time, so nothing was done with it.".to_owned(),
            "Check your internet connection, go back and send it again.",
            vec![home()],
        ),
        Notice::BadAddress(fault) => words(
            "This address cannot be opened",
            format!("We do not pass this address on: {fault}."),
            &bad_address_advice(*fault),
            vec![home()],
        ),
        Notice::BodyTooLarge => words(
            "That is too large to send",
            "What you sent is larger than this site accepts.".to_owned(),
            "Go back, choose a smaller file or shorten the text, and send it again.",
            vec![home()],
        ),
        Notice::HeadTooLarge => words(
            "That address is too long",
            "Your browser sent a longer address, or more cookies, than this site accepts.".to_owned(),
            "Start from the home page. If that does not help, clear the cookies for this site.",
            vec![home()],
        ),
        Notice::MethodNotAllowed { .. } => words(
            "That does not work here",
            "This address cannot be used in that way.".to_owned(),
            "Start from the home page and try again.",
            vec![home()],
        ),
        Notice::ReadOnly { stop } => words(
            "You are only looking",
            "You are viewing this site as somebody else, so nothing was sent and nothing was changed.".to_owned(),
            "Stop viewing first if you want to do this as yourself.",
            vec![Link::new("Stop viewing", stop), home()],
        ),
        Notice::NotFound => words(
            "There is nothing at this address",
            "The page you asked for does not exist.".to_owned(),
            "Check the address, or start from the home page.",
            vec![home()],
        ),
        Notice::UnknownSite => words(
            "There is no site at this address",
            "The name in your browser's address bar is not one of our sites.".to_owned(),
            "Check the address for typing mistakes.",
            Vec::new(),
        ),
        Notice::TooManyAttempts(_) => words(
            "Too many sign-ins in a short time",
            "Several sign-ins from your network were not confirmed, so we have paused signing in from there for a while."
                .to_owned(),
            "Nothing is wrong with your account.",
            vec![again("Try now").unwrap_or_else(home)],
        ),
        Notice::LineFull(when) => words(
            "Very many people are signing in just now",
            format!("So many people are in line that there is no place left. Please come again in about {}.", when.in_words()),
            "Nothing is wrong with your account.",
            vec![again("Try now").unwrap_or_else(home)],
        ),
        Notice::AmsDown(_) => words(
            "Signing in is not possible just now",
            format!("The sign-in system of {association} is not answering."),
            "Nothing is wrong with your account.",
            vec![again("Try now").unwrap_or_else(home)],
        ),
        Notice::SiteDown => words(
            "This site is not available just now",
            format!("{heading} is not answering. Your sign-in is not affected."),
            "Try again in a few minutes. If you were sending a form, check first whether it arrived.",
            vec![retry()],
        ),
        Notice::SiteInvalid { why } => words(
            "This page cannot be shown",
            match why {
                AnswerFault::TooLarge => {
                    format!("The answer of {heading} has too many header fields, or too long ones.")
                }
                AnswerFault::NotHttp => {
                    format!("The answer of {heading} breaks the rules by which browsers and sites talk.")
                }
            },
            "Nothing is wrong with your account. Tell whoever looks after the site, with the reference below.",
            vec![retry()],
        ),
        Notice::SiteSlow => words(
            "This page is taking too long",
            format!("{heading} did not answer in time. Your sign-in is not affected."),
            "Try again in a few minutes. If you were sending a form, check first whether it arrived.",
            vec![retry()],
        ),
        Notice::Busy(_) => words(
            "Very many people are here just now",
            "We could not take your request at this moment.".to_owned(),
            "Wait a little, then try again.",
            vec![retry()],
        ),
        Notice::NetworkBusy(_) => words(
            "Very many requests come from your network",
            "We could not take your request, because many others come from the same network at this moment.".to_owned(),
            "Wait a little, then try again.",
            vec![retry()],
        ),
        Notice::Unavailable(_) => words(
            "We cannot look that up just now",
            "A part of our system does not answer at this moment. This is our fault, not yours, and nothing is lost.".to_owned(),
            "Wait a little, then try again. If it goes on, tell us the reference below.",
            again("Try again").into_iter().chain([home()]).collect(),
        ),
        Notice::Broken => words(
            "Something went wrong on our side",
            "This is our fault, not yours.".to_owned(),
            "Try again in a few minutes. If it happens again, tell us the reference below.",
            again("Try again").into_iter().chain([home()]).collect(),
        ),
    }
}

/// `can_check`: the page has the button that asks the AMS at once.
fn refused_words(refused: &Refused, can_check: bool) -> Words {
    let renew = refused.renew_url.as_ref().map(|url| Link::new("Renew or upgrade", url));
    let what = refused.client.as_ref().map_or("this page", |client| &client.name);
    // At the beginning of a sentence, or within one.
    let missing = refused.missing.sentence(what).replacen("this page is", "This page is", 1);
    Words {
        title: if refused.client.is_some() {
            "Your account does not open that site"
        } else {
            "Your account does not open this page"
        },
        sentence: format!("You are signed in as {}. {missing}", refused.name),
        advice: if !refused.unread.is_empty() {
            format!(
                "Some of your {} are still being read from the association's records. That takes a few minutes at most; what they open \
                 will then open by itself.",
                refused.unread.join(" and ")
            )
        } else if can_check {
            "If you have just renewed or joined, we can ask again now. Otherwise it takes a few minutes until we know.".to_owned()
        } else if refused.renew_url.is_some() {
            "If you have just renewed or joined, it can take a few minutes until we know.".to_owned()
        } else {
            "If you think that this is wrong, the association's office can help.".to_owned()
        },
        actions: renew
            .into_iter()
            .chain(refused.contact.as_ref().map(contact_link))
            .chain([match refused.client.as_ref().and_then(|client| client.other_account.as_ref()) {
                Some(other) => Link::new("Use another account", other),
                None => other_account(&refused.sign_out),
            }])
            .chain(
                refused
                    .client
                    .as_ref()
                    .map(|client| Link::new(format!("Go back to {}", client.name), &client.address)),
            )
            .collect(),
    }
}

fn bad_address_advice(fault: PathFault) -> String {
    let next = "If you followed a link, check that all of it was copied. Otherwise start from the home page.";
    match fault.setting() {
        None => next.to_owned(),
        Some(setting) => {
            format!("{next} Whoever runs the gateway can allow it: the setting is “{setting}” of this site.")
        }
    }
}

fn other_account(sign_out: &str) -> Link {
    Link::new("Sign out", sign_out)
}

fn sign_in_failed(outcome: Outcome, association: &str) -> (&'static str, String, &'static str) {
    let start_again = "You can simply sign in again. If you are still signed in there, you will not have to type \
                       anything.";
    match outcome {
        Outcome::AttemptExpired => (
            "That sign-in took too long",
            "To keep your account safe, a sign-in that was begun must be finished within a short time."
                .to_owned(),
            start_again,
        ),
        Outcome::NoState | Outcome::StateLost | Outcome::NotStartedHere => (
            "Please sign in from here",
            "This sign-in was not started in this browser, so we did not use it.".to_owned(),
            "This happens when a link from a message is followed, or when the browser does not accept cookies from \
             this site. Start again with the button.",
        ),
        Outcome::AlreadyUsed => (
            "That sign-in was already used",
            "Each sign-in works once, and this one has done its work.".to_owned(),
            "This happens after going back in the browser. Please sign in again.",
        ),
        Outcome::WrongPerson => (
            "We could not be sure who you are",
            format!(
                "{association} sent us details that do not belong to the account that signed in, so we stopped."
            ),
            "Please sign in again. If it happens again, tell the association the reference below.",
        ),
        // The AMS refused the token, or what came back is not what it sends.
        _ => (
            "Your sign-in was not confirmed",
            format!("We asked {association} to confirm your sign-in, and it did not."),
            "This can happen when a page was left open for a while. Please sign in again.",
        ),
    }
}
