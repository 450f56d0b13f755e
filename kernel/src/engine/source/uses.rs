//! What a `use` brings in.

/// The names that a `use` brings in, each with a `use` of its own; a glob's name is its text.
pub(super) fn use_names(tree: &syn::UseTree, path: &str, names: &mut Vec<(String, String)>) {
    match tree {
        syn::UseTree::Path(tree) => {
            use_names(&tree.tree, &format!("{path}{}::", tree.ident), names);
        }
        syn::UseTree::Name(tree) if tree.ident == "self" => {
            let path = path.trim_end_matches("::");
            let name = path.rsplit("::").next().unwrap_or(path);
            names.push((name.to_owned(), format!("use {path};")));
        }
        syn::UseTree::Name(tree) => {
            names.push((tree.ident.to_string(), format!("use {path}{};", tree.ident)));
        }
        syn::UseTree::Rename(tree) => {
            let text = if tree.ident == "self" {
                format!("use {} as {};", path.trim_end_matches("::"), tree.rename)
            } else {
                format!("use {path}{} as {};", tree.ident, tree.rename)
            };
            let name = if tree.rename == "_" { text.clone() } else { tree.rename.to_string() };
            names.push((name, text));
        }
        syn::UseTree::Glob(_) => names.push((format!("use {path}*"), format!("use {path}*;"))),
        syn::UseTree::Group(tree) => {
            for tree in &tree.items {
                use_names(tree, path, names);
            }
        }
    }
}
