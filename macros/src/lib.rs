//! One attribute, [`macro@views`]: a function written for views is called with arrays, references and views alike.

use proc_macro::TokenStream;
use quote::{format_ident, quote};
use syn::visit::Visit;
use syn::{FnArg, Ident, ImplItemFn, Pat, Type, parse_macro_input, parse_quote};

/// Lets a public function that is written for views take whatever has such a view.
///
/// ```text
/// written                   taken                           given to the body as
/// x: ArrayView2<f64>        x: impl crate::base::AsMatrix   x.matrix()
/// y: ArrayView1<f64>        y: impl crate::base::AsVector   y.vector()
/// y: &[usize]               y: impl crate::base::AsLabels   &y.labels()
/// x: ArrayView4<f64>        x: impl crate::base::AsImages   x.images()
/// ```
///
/// Other arguments stay as they are. What a caller's crate compiles is the shell alone: the body is a function of
/// concrete types, compiled once, in this library. Inside `mlnotes` only.
#[proc_macro_attribute]
pub fn views(_: TokenStream, item: TokenStream) -> TokenStream {
    let function = parse_macro_input!(item as ImplItemFn);
    outlined(&function).unwrap_or_else(|error| error.to_compile_error().into())
}

fn outlined(function: &ImplItemFn) -> syn::Result<TokenStream> {
    let mut shell = function.sig.clone();
    let mut given = Vec::new();
    let mut changed = false;
    for argument in &mut shell.inputs {
        let argument = match argument {
            FnArg::Typed(argument) => argument,
            FnArg::Receiver(receiver) => {
                // `mut self` is the body's affair; `&mut self` is the caller's.
                if receiver.reference.is_none() {
                    receiver.mutability = None;
                }
                continue;
            }
        };
        let Pat::Ident(pattern) = &mut *argument.pat else {
            return Err(syn::Error::new_spanned(&argument.pat, "`views` needs a name here"));
        };
        pattern.mutability = None;
        let name = &pattern.ident;
        if let Some((taken, view)) = taken(&argument.ty, name) {
            *argument.ty = taken;
            given.push(view);
            changed = true;
        } else {
            given.push(quote!(#name));
        }
    }
    if !changed {
        return Err(syn::Error::new_spanned(
            &function.sig,
            "no argument of this function is a view",
        ));
    }

    let (documented, kept): (Vec<_>, Vec<_>) = function.attrs.iter().partition(|attribute| {
        ["doc", "must_use"].iter().any(|name| attribute.path().is_ident(name))
    });
    let (vis, block, mut body) = (&function.vis, &function.block, function.sig.clone());
    body.ident = format_ident!("{}_of_views", body.ident);
    let (name, has_self) = (&body.ident, body.receiver().is_some());
    // What the public function's form brings along is no fault of the private one's.
    let permitted = quote!(#[allow(clippy::trivially_copy_pass_by_ref, clippy::unused_self)]);
    // A method needs a method; what else speaks of `Self` stands in the same `impl`. A free function has its own inside.
    Ok(if has_self || names_self(function) {
        let called = if has_self { quote!(self.#name) } else { quote!(Self::#name) };
        quote! {
            #(#documented)* #(#kept)* #[inline]
            #vis #shell { #called(#(#given),*) }
            #(#kept)* #permitted #body #block
        }
    } else {
        quote! {
            #(#documented)* #(#kept)* #[inline]
            #vis #shell {
                #body #block
                #name(#(#given),*)
            }
        }
    }
    .into())
}

/// What is taken in the place of a view, and how it becomes one.
fn taken(written: &Type, name: &Ident) -> Option<(Type, proc_macro2::TokenStream)> {
    let is = |view: Type| *written == view;
    if is(parse_quote!(ArrayView2<f64>)) {
        Some((parse_quote!(impl crate::base::AsMatrix), quote!(#name.matrix())))
    } else if is(parse_quote!(ArrayView1<f64>)) {
        Some((parse_quote!(impl crate::base::AsVector), quote!(#name.vector())))
    } else if is(parse_quote!(ArrayView4<f64>)) {
        Some((parse_quote!(impl crate::base::AsImages), quote!(#name.images())))
    } else if is(parse_quote!(&[usize])) {
        Some((parse_quote!(impl crate::base::AsLabels), quote!(&#name.labels())))
    } else {
        None
    }
}

/// Whether the function speaks of the type of its `impl`.
fn names_self(function: &ImplItemFn) -> bool {
    struct Search(bool);
    impl<'ast> Visit<'ast> for Search {
        fn visit_ident(&mut self, ident: &'ast Ident) {
            self.0 |= ident == "Self";
        }
    }
    let mut search = Search(false);
    search.visit_impl_item_fn(function);
    search.0
}
