//! Pages.
use ::store::Tx;
use base::{FacilityCode, Id, Result, kinds};
/// A facility.
#[derive(Clone)]
pub struct Place { /// id
 pub id: Id<kinds::Facility>, /// name
 pub name: String }
/// Looks up.
#[derive(Clone, Copy)]
pub struct Places { /// by code
 pub find: fn(&mut Tx<'_>, &FacilityCode) -> Result<Option<Place>>,
 /// by id
 pub get: fn(&mut Tx<'_>, Id<kinds::Facility>) -> Result<Option<Place>> }
/// routes
pub fn routes(_demo: bool, _places: Places) -> ::web::routes::Routes { ::web::routes::Routes::new() }
