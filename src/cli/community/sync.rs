//! `membergate community sync`: sending until nothing waits, or waiting with the gateway that sends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::telling::Teller;
use super::tool::CommunityTool;
use crate::cli::shared::{CommandFailure, because};
use crate::domain::deliveries::brake::Stop;
use crate::domain::time::Timestamp;
use crate::flows::community_standing::CommunityStatus;

/// It is looked this often.
const LOOK: Duration = Duration::from_millis(200);

/// It is told how far it is no more often than this.
const BETWEEN_TELLINGS: Duration = Duration::from_secs(2);

/// Sends, or waits.
pub(super) async fn run(
    tool: &CommunityTool,
    patience: Duration,
    teller: &mut Teller<'_>,
) -> Result<(), CommandFailure> {
    let stop = CancellationToken::new();
    let mut sync =
        Sync { tool, began: tool.clock.now(), sending: None, is_waiting: false, stop: stop.clone() };
    let ended = sync.until_nothing_waits(patience, teller).await;
    stop.cancel();
    if let Some(sending) = sync.sending.take() {
        // It ends by itself; what it was about to send is sent by whoever comes next.
        let _ended = sending.await;
    }
    let status = ended?;
    let refused = status.telling.counts.set_aside;
    for row in &status.telling.set_aside {
        teller.refused(row, &tool.standing.zone())?;
    }
    teller.end(&status)?;
    match refused {
        0 => Ok(()),
        1 => Err(because("1 person is refused by Higher Logic")),
        many => Err(because(format!("{many} people are refused by Higher Logic"))),
    }
}

struct Sync<'a> {
    tool: &'a CommunityTool,
    began: Timestamp,
    /// We send ourselves.
    sending: Option<JoinHandle<()>>,
    /// It was said that a gateway sends.
    is_waiting: bool,
    stop: CancellationToken,
}

/// What moves while something goes on.
type Moved = (u64, u64, Option<u64>);

impl Sync<'_> {
    async fn until_nothing_waits(
        &mut self,
        patience: Duration,
        teller: &mut Teller<'_>,
    ) -> Result<CommunityStatus, CommandFailure> {
        let mut moved: Option<(Moved, Instant)> = None;
        let mut told: Option<(Moved, Instant)> = None;
        loop {
            let status = self.tool.standing.status().await.map_err(because)?;
            if let Some(stop) = &status.telling.state.stopped {
                teller.end(&status)?;
                return Err(because(stopped(stop)));
            }
            self.send_unless_a_gateway_does(&status, teller)?;
            let now = moved_by(&status);
            if told.is_none_or(|(before, at)| before != now && at.elapsed() >= BETWEEN_TELLINGS) {
                teller.progress(&status)?;
                told = Some((now, Instant::now()));
            }
            if self.is_done(&status) {
                return Ok(status);
            }
            let (_, since) = *moved.get_or_insert((now, Instant::now()));
            if moved.is_some_and(|(before, _)| before != now) {
                moved = Some((now, Instant::now()));
            } else if since.elapsed() >= patience {
                teller.end(&status)?;
                return Err(because(self.why_nothing_moves(&status, patience)));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// A gateway that plans for the community has the right to it, and renews it each second.
    fn send_unless_a_gateway_does(
        &mut self,
        status: &CommunityStatus,
        teller: &mut Teller<'_>,
    ) -> Result<(), CommandFailure> {
        if self.sending.is_some() {
            return Ok(());
        }
        if status.telling.state.lease.until.is_some_and(|until| until > self.tool.clock.now()) {
            if !std::mem::replace(&mut self.is_waiting, true) {
                teller
                    .says("gateway", "A gateway runs on this store and sends by itself; waiting with it.")?;
            }
            return Ok(());
        }
        teller.says(
            "here",
            "No gateway runs on this store; sending from here, by what the store has of people.",
        )?;
        let deliverer = Arc::clone(&self.tool.deliverer);
        self.sending = Some(tokio::spawn(deliverer.tell(self.stop.clone())));
        Ok(())
    }

    /// Everybody was looked at, by us since we began, and nobody waits.
    fn is_done(&self, status: &CommunityStatus) -> bool {
        let state = &status.telling.state;
        let done = state.done.as_ref().filter(|done| *done.environment == *self.tool.environment);
        let is_looked = done.is_some_and(|done| self.sending.is_none() || done.at >= self.began);
        // Beside a gateway, a pass over a directory that is still being filled says nothing.
        let runs_for_the_first_time = state.first_run.as_ref().is_some_and(|run| run.ended.is_none());
        let is_looked = is_looked && (self.sending.is_some() || !runs_for_the_first_time);
        is_looked && state.pass.is_none() && status.telling.counts.pending == 0
    }

    fn why_nothing_moves(&self, status: &CommunityStatus, patience: Duration) -> String {
        let (seconds, waiting) = (patience.as_secs(), status.telling.counts.pending);
        match &status.telling.failure {
            Some((since, why)) => {
                format!("Higher Logic gives no usable answer since {since}: {why}; {waiting} people wait")
            }
            None if self.sending.is_none() => format!(
                "nothing was confirmed for {seconds} s, and {waiting} people wait; the log of the gateway says why"
            ),
            None => format!("nothing was confirmed for {seconds} s, and {waiting} people wait"),
        }
    }
}

fn moved_by(status: &CommunityStatus) -> Moved {
    let counts = &status.telling.counts;
    (counts.settled, counts.set_aside, status.telling.state.pass.as_ref().map(|pass| pass.seen))
}

fn stopped(stop: &Stop) -> String {
    let remedy = "see the page Deliveries of the administration";
    match stop {
        Stop::ByHand { since } => format!("an administrator stopped the sending at {since}: {remedy}"),
        Stop::ManyLose { since, losers, holders } => format!(
            "the brake stopped the sending at {since}: {losers} of {holders} who hold something would lose some of it, and no known date says so; {remedy}"
        ),
    }
}
