//! What a group says of itself is changed, and the group is closed, by whoever may, from wherever their account is.
//!
//! One rule: what the command line does and what a signed activity does is the same function; the group tells of either.

use crate::{
    dialect::{self, Description, NotSo, Summary},
    domain::{Command, Iri, Visibility, may_be_said},
    engine::{Engine, Refused, admin::checked_title, case::Case, turn::Trouble},
    store::{
        self, Tx,
        group::{self, Change, InTurn},
    },
    text,
};

/// Longest rule of a group, in characters.
pub(super) const LONGEST_RULE: usize = 2_000;
/// Longest summary, in characters.
const LONGEST_SUMMARY: usize = 50_000;

impl Engine {
    /// `Update{Group}`: what the group says of itself, and what it allows.
    pub(super) async fn describe(
        &self,
        tx: &mut Tx,
        case: &Case,
        group: &Iri,
        object: &serde_json::Value,
    ) -> Result<(), Trouble> {
        let name = self.here().group_meant(group.as_str()).unwrap_or_default();
        let Some(group) = self.take(tx, &[name.to_owned()]).await?.pop() else {
            return Err(Refused::NotFound.into());
        };
        self.decide(tx, &group, &case.actor, &Command::Describe).await??;
        let Some(view) = store::group_face(&mut **tx, name).await? else {
            return Err(Refused::NotFound.into());
        };
        let wanted = dialect::describe(object, &self.face(view), self.here()).map_err(not_so)?;
        // One that opens it may.
        if wanted.policies.visibility != Some(Visibility::Public) {
            may_be_said(&group.group, case.activity.addressed.public)?;
        }
        if wanted == Description::default() {
            return Ok(());
        }
        let mut change = change_of(&wanted);
        let policies = wanted.policies.of(group.group.policies);
        if policies.visibility == Visibility::Private {
            // Not where it is to be private from now on, nor where it is to be so no more.
            self.was_said_inside(tx, case, name).await?;
        }
        change.policies = Some(policies);
        if let Some(title) = &change.title {
            let title = checked_title(title).map_err(|why| Refused::Unreadable {
                why: format!("The group cannot be called so: {why}."),
                field: "object.name",
            })?;
            change.title = Some(title);
        }
        self.change_now(tx, &group, &change).await
    }

    /// A group changes, and says so.
    pub(super) async fn change_now(
        &self,
        tx: &mut Tx,
        group: &InTurn,
        change: &Change,
    ) -> Result<(), Trouble> {
        group::change(tx, group.id, change, self.clock().now()).await?;
        let now = change.policies.unwrap_or(group.group.policies);
        let before = group.group.policies.visibility;
        if (before, now.visibility) == (Visibility::Private, Visibility::Public) {
            self.let_all_hear(tx, group).await?;
        }
        self.say_described(tx, group).await?;
        if (before, now.visibility) == (Visibility::Public, Visibility::Private) {
            self.silence_the_indiscreet(tx, group).await?;
        }
        Ok(())
    }

    /// `Delete{Group}`: the owner closes it, for good.
    pub(super) async fn shut(&self, tx: &mut Tx, case: &Case, group: &Iri) -> Result<(), Trouble> {
        let name = self.here().group_meant(group.as_str()).unwrap_or_default();
        let Some(group) = self.take(tx, &[name.to_owned()]).await?.pop() else {
            return Err(Refused::NotFound.into());
        };
        self.decide(tx, &group, &case.actor, &Command::Close).await??;
        self.close_now(tx, &group).await
    }

    /// A group closes, and says so. One that is closed already says nothing more.
    pub(super) async fn close_now(&self, tx: &mut Tx, group: &InTurn) -> Result<(), Trouble> {
        if group.group.closed {
            return Ok(());
        }
        group::close(tx, group.id, self.clock().now()).await?;
        self.say_closed(tx, group).await
    }
}

pub(super) fn not_so(why: NotSo) -> Refused {
    match why {
        NotSo::Unreadable(unreadable) => unreadable.into(),
        NotSo::Fixed(field) => {
            let why = "This cannot be changed: of a group, name, summary, icon, image, rules, related groups and policies can.";
            Refused::forbidden("fixed", field, why)
        }
    }
}

/// What is described, as it is kept.
pub(super) fn change_of(wanted: &Description) -> Change {
    Change {
        title: wanted.title.clone(),
        summary: summary_of(wanted.summary.as_ref()),
        policies: None,
        icon: wanted.icon.clone(),
        image: wanted.image.clone(),
        rules: wanted.rules.as_ref().map(|rules| {
            rules
                .iter()
                .map(|rule| text::truncate(&text::plain(rule), LONGEST_RULE).to_owned())
                .filter(|rule| !rule.is_empty())
                .collect()
        }),
        related: wanted.related.clone(),
        bridge: None,
    }
}

pub(super) fn summary_of(summary: Option<&Summary>) -> Option<String> {
    let text = match summary? {
        Summary::Html(html) => text::plain(html),
        Summary::Markdown(source) => source.clone(),
        Summary::Nothing => String::new(),
    };
    Some(text::truncate(&text, LONGEST_SUMMARY).to_owned())
}
