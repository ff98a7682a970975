//! What lives on a server that signs for its domain, as people write it: a reference, or the address of the original.
//!
//! One rule: in here it is its mirror on our own host, an id like all others; which that is only the settings say.

use crate::cli::Usage;
use crate::dialect::Here;
use crate::dialect::domains::{Mirrored, Ours, Reference};
use crate::domain::Iri;

/// Somebody, or a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Named {
    /// By id.
    Id(Iri),
    /// By reference.
    Elsewhere(Mirrored),
}

impl Named {
    /// The id that it has here.
    ///
    /// # Errors
    /// If it is a reference to something of ours that has another name.
    pub(in crate::cli) fn id(&self, here: &Here) -> Result<Iri, Usage> {
        let of = match self {
            Self::Id(id) => return Ok(id.clone()),
            Self::Elsewhere(of) => of,
        };
        let id = match (here.referred(of.reference()), of) {
            (None, of) => here.mirror_of(of),
            (Some(Ours::Id(post)), Mirrored::Note(_)) => format!("{}/post/{post}", here.base()),
            (Some(_), _) => {
                let domain = &of.reference().domain;
                return Err(Usage(format!(
                    "{domain} is this server: whoever that stands for is named by their own URL, as `group members` shows it"
                )));
            }
        };
        Iri::object(&id).map_err(|why| Usage(format!("{} cannot be named: {why}", of.reference())))
    }
}

/// A user, if it reads so.
///
/// # Errors
/// If it is a note by its address.
pub(super) fn user(text: &str) -> Result<Option<Named>, String> {
    match mirrored(text, Mirrored::User) {
        Some(Mirrored::Note(_)) => Err("this is the address of a note, and not of somebody".to_owned()),
        user => Ok(user.map(Named::Elsewhere)),
    }
}

/// A note, if it reads so.
///
/// # Errors
/// If it is a user by their address.
pub(super) fn note(text: &str) -> Result<Option<Named>, String> {
    match mirrored(text, Mirrored::Note) {
        Some(Mirrored::User(_)) => Err("this is the address of a user, and not of a post".to_owned()),
        note => Ok(note.map(Named::Elsewhere)),
    }
}

/// A reference does not say of what it is; an address does.
fn mirrored(text: &str, of: fn(Reference) -> Mirrored) -> Option<Mirrored> {
    if text.contains("://") {
        return Mirrored::at(text);
    }
    let (domain, id) = text.rsplit_once(':')?;
    Reference::new(domain, id).map(of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::names::{actor, post};

    #[test]
    fn what_lives_elsewhere_is_named_by_reference_or_by_the_address_of_the_original() {
        let here =
            Here::new(&"https://g.example:8443".parse().expect("a URL")).speaking_for("g.example".to_owned());
        let user = "https://g.example:8443/bridge/versia/b.example/u1";
        for text in [
            "b.example:u1",
            "https://b.example/.versia/v0.6/entities/User/u1",
            "https://b.example/.versia/v0.6/entities/pub.versia%3Ausers%2FUser/u1",
            user,
        ] {
            let id = actor(text).expect(text).id(&here).expect(text);
            assert_eq!(id.as_str(), user, "{text}");
        }
        let note = "https://g.example:8443/bridge/versia/b.example/notes/n2";
        for text in [
            "b.example:n2",
            "https://b.example/.versia/v0.6/entities/Note/n2",
            note,
        ] {
            let id = post(text).expect(text).id(&here).expect(text);
            assert_eq!(id.as_str(), note, "{text}");
        }
        let ours = post("g.example:019e830e-1a00-7426-95ae-8a3e196d0bbc").expect("a reference");
        let post_url = "https://g.example:8443/post/019e830e-1a00-7426-95ae-8a3e196d0bbc";
        assert_eq!(ours.id(&here).expect("a post of ours").as_str(), post_url);
        for text in [
            "g.example:garden",
            "g.example:019e830e-1a00-7426-95ae-8a3e196d0bbc",
        ] {
            let named = actor(text).expect(text).id(&here);
            assert!(
                named.is_err_and(|why| why.to_string().contains("this server")),
                "{text}"
            );
        }
        for text in [
            "https://b.example/.versia/v0.6/entities/Note/n2",
            "b.example:u/1",
            "B:u1",
            "b:u1",
        ] {
            assert!(actor(text).is_err(), "{text}");
        }
        assert!(post("https://b.example/.versia/v0.6/entities/User/u1").is_err());
    }
}
