//! Grant and Revoke (FEP-5219): the same acts as Add, Remove, Block and its Undo.
//!
//! One rule: nothing is decided here; whoever may do it in one form may do it in the other, with the same effects.

use crate::{
    dialect::{Affiliation, Granting},
    domain::{Act, Ban},
    engine::{Engine, case::Case, turn::Trouble},
    store::Tx,
};

impl Engine {
    /// Somebody is to be a member, an admin or an outcast of a group, or is to be it no more.
    pub(super) async fn granted(&self, tx: &mut Tx, case: &Case, granting: &Granting) -> Result<(), Trouble> {
        let Granting { whom, wanted, .. } = granting;
        let names = self.groups_meant(case, granting.group.as_deref());
        if granting.what == Affiliation::Outcast {
            let ban = Ban {
                until: granting.until,
                reason: granting.reason.clone(),
            };
            let act = if *wanted { Act::Ban(ban) } else { Act::Unban };
            let about = (granting.group.as_deref(), whom);
            return self
                .block(tx, case, about, &act, granting.reason.as_deref())
                .await;
        }
        // Of several, all at once and in their order: each is asked for again by itself.
        self.take(tx, &names).await?;
        for name in names {
            match granting.what {
                Affiliation::Admin => self.list_admin(tx, case, &name, whom, *wanted).await?,
                _ => {
                    self.list_member(tx, case, &name, whom, *wanted, granting.reason.as_deref())
                        .await?;
                }
            }
            self.was_said_inside(tx, case, &name).await?;
        }
        Ok(())
    }
}
