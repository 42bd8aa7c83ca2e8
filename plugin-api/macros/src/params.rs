//! `#[derive(Params)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned as _;
use syn::{Attribute, Data, DeriveInput, Error, Expr, ExprLit, Fields, Lit, Meta};

pub(crate) fn expand(item: TokenStream) -> Result<TokenStream, Error> {
    let input: DeriveInput = syn::parse2(item)?;
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(
            input.span(),
            "settings are a struct with named fields",
        ));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new(
            input.span(),
            "settings are a struct with named fields",
        ));
    };
    let name = &input.ident;
    let mut infos = Vec::new();
    for field in &fields.named {
        let Some(ident) = &field.ident else { continue };
        let doc = doc(&field.attrs);
        if doc.is_empty() {
            return Err(Error::new(
                field.span(),
                "describe the setting in a doc comment: what it does, its unit and range",
            ));
        }
        let key = ident.to_string();
        infos.push(quote! {
            ::interlock_plugin_api::__private::ParamInfo {
                name: #key.to_string(),
                doc: #doc.to_string(),
                default: ::interlock_plugin_api::__private::ParamValue::to_toml(&defaults.#ident),
            }
        });
    }
    Ok(quote! {
        impl ::interlock_plugin_api::__private::Params for #name {
            fn infos() -> ::std::vec::Vec<::interlock_plugin_api::__private::ParamInfo> {
                let defaults = <Self as ::std::default::Default>::default();
                let _ = &defaults;
                ::std::vec![#(#infos),*]
            }
        }
    })
}

/// The doc comment, its lines joined by blanks.
pub(crate) fn doc(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        })
        .collect();
    lines.join(" ").trim().to_owned()
}
