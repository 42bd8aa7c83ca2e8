//! `#[check]`.

use std::path::Path;

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Error, FnArg, Ident, ItemFn, LitInt, LitStr, Token, parenthesized};

use crate::docs;

const STAGES: [(&str, &str); 5] = [
    ("data-quality", "DataQuality"),
    ("interpretability", "Interpretability"),
    ("bias", "Bias"),
    ("robustness", "Robustness"),
    ("monitoring", "Monitoring"),
];

const COSTS: [(&str, &str); 3] = [
    ("quick", "Quick"),
    ("moderate", "Moderate"),
    ("heavy", "Heavy"),
];

const NEEDS: [&str; 8] = [
    "train",
    "test",
    "current",
    "model",
    "model_file",
    "target",
    "sensitive",
    "contract",
];

/// What stands in the parentheses of `#[check(…)]`.
#[derive(Default)]
struct Arguments {
    id: Option<LitStr>,
    title: Option<LitStr>,
    stage: Option<LitStr>,
    cost: Option<LitStr>,
    cadence_days: Option<LitInt>,
    docs: Option<LitStr>,
    needs: Vec<(Ident, bool)>,
    columns: Vec<LitStr>,
    codes: Vec<(Ident, LitStr)>,
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream, Error> {
    let arguments: Arguments = syn::parse2(arguments)?;
    let function: ItemFn = syn::parse2(item)?;
    let settings = settings_type(&function)?;
    let info = arguments.info(&settings)?;
    let name = &function.sig.ident;
    let constant = format_ident!("{}", name.to_string().to_uppercase());
    let visibility = &function.vis;
    let text = format!(
        "The check `{}`, to be listed in `plugin!`.",
        arguments.id()?.value()
    );
    Ok(quote! {
        // The shape of the function is this macro's, not the author's choice; `expect` would itself
        // warn where the lint has nothing to say.
        #[cfg_attr(all(), allow(clippy::needless_pass_by_value, clippy::unnecessary_wraps))]
        #function

        #[doc = #text]
        #visibility const #constant: ::interlock_plugin_api::__private::Check = {
            fn info() -> ::interlock_plugin_api::__private::CheckInfo {
                #info
            }
            fn run(
                context: &::interlock_plugin_api::Context,
            ) -> ::std::result::Result<::interlock_plugin_api::Outcome, ::interlock_plugin_api::CheckError> {
                ::interlock_plugin_api::__private::call::<#settings>(context, #name)
            }
            ::interlock_plugin_api::__private::Check { info, run }
        };
    })
}

fn settings_type(function: &ItemFn) -> Result<TokenStream, Error> {
    let wrong = || {
        Error::new_spanned(
            &function.sig,
            "a check is `fn(ctx: &Context, settings: Settings) -> Result<Outcome, CheckError>`; \
             write `_: ()` for a check without settings",
        )
    };
    if function.sig.inputs.len() != 2
        || function.sig.asyncness.is_some()
        || !function.sig.generics.params.is_empty()
    {
        return Err(wrong());
    }
    match &function.sig.inputs[1] {
        FnArg::Typed(argument) => {
            let settings = &argument.ty;
            Ok(quote!(#settings))
        }
        FnArg::Receiver(_) => Err(wrong()),
    }
}

impl Arguments {
    fn id(&self) -> Result<&LitStr, Error> {
        let id = self
            .id
            .as_ref()
            .ok_or_else(|| missing("id = \"plugin.check\""))?;
        let is_good = |part: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        let value = id.value();
        let parts: Vec<&str> = value.split('.').collect();
        if parts.len() == 2 && parts.iter().all(|part| is_good(part)) {
            return Ok(id);
        }
        Err(Error::new(
            id.span(),
            "an id is two words of small letters, digits and dashes with a dot between: \"acme.zip-codes\"",
        ))
    }

    fn info(&self, settings: &TokenStream) -> Result<TokenStream, Error> {
        let id = self.id()?;
        let title = self
            .title
            .as_ref()
            .ok_or_else(|| missing("title = \"…\""))?;
        let stage = self
            .stage
            .as_ref()
            .ok_or_else(|| missing("stage = \"…\""))?;
        let stage = variant(stage, &STAGES)?;
        let cost = match &self.cost {
            Some(cost) => variant(cost, &COSTS)?,
            None => format_ident!("Moderate"),
        };
        let cadence = if let Some(days) = &self.cadence_days {
            quote!(::std::option::Option::Some(#days))
        } else {
            quote!(::std::option::Option::None)
        };
        let needs = self.needs.iter().map(|(name, is_optional)| {
            let need = if *is_optional {
                format_ident!("Optional")
            } else {
                format_ident!("Required")
            };
            quote!(#name: ::interlock_plugin_api::__private::Need::#need)
        });
        let columns = &self.columns;
        let codes = self.codes.iter().map(|(code, title)| {
            let code = code.to_string();
            quote!(::interlock_plugin_api::__private::CodeInfo { code: #code.to_string(), title: #title.to_string() })
        });
        let docs = self.docs()?;
        Ok(quote! {
            use ::interlock_plugin_api::__private::{CheckInfo, Cost, Needs, Params, Stage};
            CheckInfo {
                id: #id.to_string(),
                title: #title.to_string(),
                stage: Stage::#stage,
                needs: Needs {
                    #(#needs,)*
                    columns: ::std::vec![#(#columns.to_string()),*],
                    ..::std::default::Default::default()
                },
                codes: ::std::vec![#(#codes),*],
                params: <#settings as Params>::infos(),
                docs: #docs,
                cost: Cost::#cost,
                cadence_days: #cadence,
            }
        })
    }

    fn docs(&self) -> Result<TokenStream, Error> {
        let Some(file) = &self.docs else {
            return Err(missing(
                "docs = \"file.md\", a description in five sections",
            ));
        };
        // Beside the source file, as with `include_str!`; where the compiler does not tell the
        // source file, below `src`.
        let name = file.value();
        let source = file.span().unwrap().local_file();
        let beside = source
            .as_deref()
            .and_then(Path::parent)
            .map(|folder| folder.join(&name));
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
        let below = Path::new(&manifest).join("src").join(&name);
        let path = beside.filter(|path| path.exists()).unwrap_or(below);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Error::new(
                file.span(),
                format!("cannot read '{}': {error}", path.display()),
            )
        })?;
        let [measures, matters, computed, reading, references] = docs::sections(&text)
            .map_err(|why| Error::new(file.span(), format!("{name}: {why}")))?;
        Ok(quote! {{
            // Makes cargo build again when the file changes.
            const _: &str = include_str!(#name);
            ::interlock_plugin_api::__private::Docs {
                measures: #measures.to_string(),
                matters: #matters.to_string(),
                computed: #computed.to_string(),
                reading: #reading.to_string(),
                references: #references.to_string(),
            }
        }})
    }
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut arguments = Self::default();
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            match key.to_string().as_str() {
                "needs" => arguments.parse_needs(input)?,
                "codes" => arguments.parse_codes(input)?,
                "cadence_days" => {
                    input.parse::<Token![=]>()?;
                    arguments.cadence_days = Some(input.parse()?);
                }
                name @ ("id" | "title" | "stage" | "cost" | "docs") => {
                    input.parse::<Token![=]>()?;
                    let value: LitStr = input.parse()?;
                    let slot = match name {
                        "id" => &mut arguments.id,
                        "title" => &mut arguments.title,
                        "stage" => &mut arguments.stage,
                        "cost" => &mut arguments.cost,
                        _ => &mut arguments.docs,
                    };
                    *slot = Some(value);
                }
                other => {
                    let message = format!(
                        "'{other}' is unknown here; a check takes id, title, stage, needs, codes, docs, cost, cadence_days"
                    );
                    return Err(Error::new(key.span(), message));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}

impl Arguments {
    fn parse_needs(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let inner;
        parenthesized!(inner in input);
        while !inner.is_empty() {
            let name: Ident = inner.parse()?;
            if name == "columns" {
                let list;
                parenthesized!(list in inner);
                self.columns = list
                    .parse_terminated(<LitStr as Parse>::parse, Token![,])?
                    .into_iter()
                    .collect();
            } else if NEEDS.iter().any(|known| name == known) {
                let is_optional = inner.parse::<Option<Token![?]>>()?.is_some();
                self.needs.push((name, is_optional));
            } else {
                let message = format!(
                    "'{name}' is nothing a check can need; there are {}, columns(\"…\")",
                    NEEDS.join(", ")
                );
                return Err(Error::new(name.span(), message));
            }
            if !inner.is_empty() {
                inner.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }

    fn parse_codes(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let inner;
        parenthesized!(inner in input);
        while !inner.is_empty() {
            let code: Ident = inner.parse()?;
            let text = code.to_string();
            let (letters, digits) = text.split_at(text.len().min(2));
            let is_good = letters.chars().all(|c| c.is_ascii_uppercase())
                && digits.len() == 3
                && digits.chars().all(|c| c.is_ascii_digit());
            if !is_good {
                return Err(Error::new(
                    code.span(),
                    "a code is two capital letters and three digits: AC001",
                ));
            }
            inner.parse::<Token![=]>()?;
            self.codes.push((code, inner.parse()?));
            if !inner.is_empty() {
                inner.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }
}

fn missing(what: &str) -> Error {
    Error::new(Span::call_site(), format!("write {what}"))
}

fn variant(given: &LitStr, known: &[(&str, &str)]) -> Result<Ident, Error> {
    let value = given.value();
    let found = known.iter().find(|(name, _)| *name == value);
    found
        .map(|(_, variant)| format_ident!("{variant}"))
        .ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            Error::new(
                given.span(),
                format!("'{value}' is unknown; there are {}", names.join(", ")),
            )
        })
}
