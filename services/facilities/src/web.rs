//! Pages.
pub fn routes() -> ::web::routes::Routes { ::web::routes::Routes::new() }
