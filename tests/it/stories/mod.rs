//! The stories of the groups task force, each played by signed peers on servers of their own.
//!
//! One rule: a test is named after its story, and asks what a peer could ask: over HTTP, and by what it hears.
//!
//! | story | test |
//! |---|---|
//! | Join a group | `people::joining::join_a_group` |
//! | Leave a group | `people::joining::leave_a_group` |
//! | Create a group | `founding::make::create_a_group` |
//! | Invite to a group | `people::calls::invite_to_a_group` |
//! | Expel from a group | `people::expel::expel_from_a_group` |
//! | Get list of members | `people::records::get_list_of_members` |
//! | Get list of admins | `reading::get_list_of_admins` |
//! | Invite to admin | `people::calls::invite_to_admin` |
//! | Expel an admin | `people::expel::expel_an_admin` |
//! | Accept a Join request | `people::joining::accept_a_join_request` |
//! | Reject a Join request | `people::joining::reject_a_join_request` |
//! | Post content publicly | `reading::post_content_publicly` |
//! | Post content privately | `founding::private::post_content_privately` |
//! | Get a stream of the content | `reading::get_a_stream_of_the_content` |
//! | Close a group | `founding::change::close_a_group` |
//! | Add to a group collection | `founding::collect::add_to_a_group_collection` |
//! | Remove from a group collection | `founding::collect::remove_from_a_group_collection` |
//! | Transfer group ownership | `people::owner::transfer_group_ownership` |
//! | Get group info | `reading::get_group_info` |
//! | Change group info | `founding::change::change_group_info` |
//! | Moderate group posts | `review::decisions::moderate_group_posts` |

mod founding;
pub(crate) mod people;
mod reading;
mod review;
mod votes;
