//! Nothing that is said to a private group names Public.
//!
//! One rule: whoever may not do it at all hears that first, so it is asked last. Content and collections are the domain's
//! (`names_public`); here is what people do to others. One more is an arm in [`Engine::said_to`].

use crate::{
    dialect::Ask,
    domain::may_be_said,
    engine::{Engine, case::Case, turn::Trouble},
    store::Tx,
};

impl Engine {
    /// After whoever sent it may do it: a private group takes nothing that names Public.
    pub(super) async fn was_said_inside(&self, tx: &mut Tx, case: &Case, name: &str) -> Result<(), Trouble> {
        for group in self.take(tx, &[name.to_owned()]).await? {
            may_be_said(&group.group, case.activity.addressed.public)?;
        }
        Ok(())
    }

    /// The same, of what is done to others.
    pub(super) async fn names_public_where_it_may(&self, tx: &mut Tx, case: &Case) -> Result<(), Trouble> {
        if !case.activity.addressed.public {
            return Ok(());
        }
        for name in self.said_to(case) {
            self.was_said_inside(tx, case, &name).await?;
        }
        Ok(())
    }

    /// The groups that are to do something to somebody. What only takes back an Invite or a Block is nobody's to pass on.
    fn said_to(&self, case: &Case) -> Vec<String> {
        match &case.activity.ask {
            Ask::Invite {
                group, wanted: true, ..
            } => vec![group.clone()],
            Ask::Block {
                group, wanted: true, ..
            }
            | Ask::Arrange { group, .. } => self.groups_meant(case, group.as_deref()),
            Ask::Grant(granting) => self.groups_meant(case, granting.group.as_deref()),
            _ => vec![],
        }
    }
}
