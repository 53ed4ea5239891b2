//! What the commands about the community work with: the store, and all that is in force by it.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::runtime::Runtime;

use crate::adapters::clock::SharedClock;
use crate::adapters::store::mappings::Mappings;
use crate::adapters::store::{Store, StoreError};
use crate::adapters::subscribers::PeopleSubscriber;
use crate::adapters::subscribers::higher_logic::{HigherLogic, PublishedCommunity};
use crate::app;
use crate::cli::shared::{CommandFailure, because, open_store};
use crate::config::Settings;
use crate::domain::rule::Rules;
use crate::flows::administer::latest_community;
use crate::flows::community_standing::CommunityStanding;
use crate::flows::deliveries::{Deliverer, DeliveryParts};
use crate::flows::directory::{Beliefs, believe_kept};
use crate::flows::grounds::Grounds;
use crate::flows::person::Published;

/// What the commands work with.
pub(super) struct CommunityTool {
    pub(super) standing: Arc<CommunityStanding>,
    pub(super) deliverer: Arc<Deliverer>,
    pub(super) clock: SharedClock,
    pub(super) environment: Arc<str>,
}

impl CommunityTool {
    /// Opens the store, with the mapping and the AMS environment that are in force.
    pub(super) fn open(
        settings: Settings,
        clock: SharedClock,
        runtime: &Runtime,
    ) -> Result<CommunityTool, CommandFailure> {
        let Some(file) = settings.higher_logic.clone() else {
            return Err(because(
                "there is no `[higher_logic]` section in the configuration, so there is no community",
            ));
        };
        let store = open_store(&settings)?;
        let (settings, published, beliefs) =
            runtime.block_on(in_force(settings, &store, &clock)).map_err(because)?;
        let latest = match &settings.admin {
            Some(_) => runtime.block_on(latest_community(&*store)).map_err(because)?,
            None => None,
        };
        let mapping = latest.unwrap_or_else(|| file.in_force(1));
        beliefs.look_also(mapping.mapping.looks(), mapping.mapping.looks_at_contact());
        let mapping: PublishedCommunity = Arc::new(ArcSwap::from_pointee(mapping));
        let environment: Arc<str> = settings.ams.live.environment().into();
        let community = HigherLogic::new(file.push, Arc::clone(&mapping)).map_err(because)?;
        let subscribers: Vec<Arc<dyn PeopleSubscriber>> = vec![Arc::new(community)];
        let deliverer = Deliverer::new(DeliveryParts {
            store: store.clone(),
            directory: store,
            beliefs,
            rules: Arc::new(ArcSwap::from_pointee(published)),
            clock: Arc::clone(&clock),
            environment: Arc::clone(&environment),
            subscribers,
            calendar: None,
        });
        let deliverer = deliverer.map_err(because)?;
        let standing = CommunityStanding::new(Arc::clone(&deliverer), mapping);
        let standing = standing.ok_or_else(|| because("there is no community"))?;
        Ok(CommunityTool { standing, deliverer, clock, environment })
    }
}

/// The environment that is live, the role mapping in force, and what is believed of people.
async fn in_force(
    settings: Settings,
    store: &Arc<dyn Store>,
    clock: &SharedClock,
) -> Result<(Settings, Published, Arc<Beliefs>), StoreError> {
    let settings = app::with_chosen_environment(settings, &**store).await?;
    let latest = match &settings.admin {
        Some(_) => Mappings::<Rules>::latest(&**store).await?.map(Published::from),
        None => None,
    };
    let published = latest.unwrap_or_else(|| Published::new(1, settings.rules.clone()));
    let grounds = Grounds::by_clock(settings.session, Arc::clone(clock));
    let beliefs = Beliefs::new(grounds, &settings.directory);
    believe_kept(&**store, &settings.ams.live.environment(), &beliefs).await?;
    Ok((settings, published, beliefs))
}
