//! How a group is run, as options of `group create` and `group set`.
//!
//! One rule: a policy has the words that the domain has for it. One more is a field here, a row in [`defaults`] and a line in
//! `group.rs`.

use clap::builder::NonEmptyStringValueParser;
use clap::{Arg, Args};

use super::words;
use crate::cli::names;
use crate::domain::{
    self, FollowMeans, InfoPolicy, InvitePolicy, JoinPolicy, ListPolicy, PostPolicy, Review, Visibility,
    VotePolicy,
};

/// How a group is run.
#[derive(Debug, Args)]
pub(in crate::cli) struct Policies {
    /// What it is about, in Markdown
    #[arg(long)]
    pub(in crate::cli) summary: Option<String>,
    /// Who becomes a member by asking
    #[arg(long, value_parser = words(JoinPolicy::ALL, JoinPolicy::word))]
    pub(in crate::cli) join: Option<JoinPolicy>,
    /// Who may start threads
    #[arg(long, value_parser = words(PostPolicy::ALL, PostPolicy::word))]
    pub(in crate::cli) post: Option<PostPolicy>,
    /// Whether a Follow also asks for membership
    #[arg(long, value_parser = words(FollowMeans::ALL, FollowMeans::word))]
    pub(in crate::cli) follow: Option<FollowMeans>,
    /// Who sees the list of members; others see their number
    #[arg(long, value_parser = words(ListPolicy::ALL, ListPolicy::word))]
    pub(in crate::cli) members_list: Option<ListPolicy>,
    /// Which posts wait for an admin
    #[arg(long, value_parser = words(Review::ALL, Review::word))]
    pub(in crate::cli) review: Option<Review>,
    /// With `--review first`: how many posts of an author are accepted before the others pass
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(in crate::cli) review_count: Option<u32>,
    /// Who may read
    #[arg(long, value_parser = words(Visibility::ALL, Visibility::word))]
    pub(in crate::cli) visibility: Option<Visibility>,
    /// Who may invite others
    #[arg(long, value_parser = words(InvitePolicy::ALL, InvitePolicy::word))]
    pub(in crate::cli) invite: Option<InvitePolicy>,
    /// Who may change what the group says of itself
    #[arg(long, value_parser = words(InfoPolicy::ALL, InfoPolicy::word))]
    pub(in crate::cli) info: Option<InfoPolicy>,
    /// Whose votes count
    #[arg(long, value_parser = words(VotePolicy::ALL, VotePolicy::word))]
    pub(in crate::cli) vote: Option<VotePolicy>,
    /// Let admins make others admins, and not only the owner
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    pub(in crate::cli) admins_appoint: Option<bool>,
}

/// What a new group has where nothing is said, by option.
fn defaults() -> [(&'static str, String); 11] {
    let new = domain::Policies::default();
    let words = [
        ("join", new.join.word()),
        ("post", new.post.word()),
        ("follow", new.follow.word()),
        ("members_list", new.members_list.word()),
        ("review", new.review.word()),
        ("visibility", new.visibility.word()),
        ("invite", new.invite.word()),
        ("info", new.info.word()),
        ("vote", new.vote.word()),
    ];
    let [join, post, follow, list, review, visibility, invite, info, vote] =
        words.map(|(option, word)| (option, word.to_owned()));
    let count = ("review_count", new.review_count.to_string());
    let appoint = ("admins_appoint", new.admins_appoint.to_string());
    [
        join, post, follow, list, review, visibility, invite, info, vote, count, appoint,
    ]
}

/// Help for a new group says what it has otherwise; what is set of one that is there stays as it is.
pub(super) fn with_default(option: Arg) -> Arg {
    let default = defaults().into_iter().find(|(name, _)| option.get_id() == name);
    match (default, option.get_help()) {
        (Some((_, word)), Some(help)) => {
            let help = format!("{help} [default: {word}]");
            option.help(help)
        }
        _ => option,
    }
}

/// What `group set` changes: at least one thing.
#[derive(Debug, Args)]
pub(in crate::cli) struct Change {
    /// What people see as its name
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    pub(in crate::cli) title: Option<String>,
    /// A rule of the group, in plain words; once for each, and all of them anew. Empty text leaves none
    #[arg(long = "rule", value_name = "TEXT")]
    pub(in crate::cli) rules: Option<Vec<String>>,
    /// Address of a small, square picture; empty text for none
    #[arg(long, value_name = "URL", value_parser = names::picture)]
    pub(in crate::cli) icon: Option<String>,
    /// Address of a large picture; empty text for none
    #[arg(long, value_name = "URL", value_parser = names::picture)]
    pub(in crate::cli) image: Option<String>,
    /// A group that this one has to do with, here or elsewhere; once for each, and all of them anew. Empty text leaves none
    #[arg(long, value_name = "GROUP_URL", value_parser = names::related)]
    pub(in crate::cli) related: Option<Vec<String>>,
    /// Whether members who speak Versia and those who speak ActivityPub see each other's posts; of a private group they never do
    #[arg(long, value_name = "on|off", value_parser = names::switch)]
    pub(in crate::cli) bridge: Option<bool>,
    #[command(flatten)]
    pub(in crate::cli) policies: Policies,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::args::CommandLine;

    #[test]
    fn what_holds_where_nothing_is_said_is_told_of_a_new_group_only() {
        let help = |command: &str| {
            let line = ["folkmoot", "group", command, "--help"];
            CommandLine::try_parse_from(line).expect_err("help").to_string()
        };
        let [create, set] = ["create", "set"].map(help);
        assert_eq!(set.matches("[default:").count(), 0, "{set}");
        assert!(
            create.contains("[default: open]") && create.contains("[default: false]"),
            "{create}"
        );
        assert_eq!(create.matches("[default:").count(), 12, "{create}");
    }
}
