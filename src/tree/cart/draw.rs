//! Drawing a tree.

use super::{DecisionTreeClassifier, DecisionTreeRegressor, Node, Tree};
use crate::Result;
use crate::base::argmax;
use crate::plot::Figure;
use crate::plot::tree::{TreeBox, feature_name, short, tree};
use ndarray::ArrayView1;

const NO_NAMES: &[&str] = &[];

impl DecisionTreeClassifier {
    /// The tree as boxes and lines: each question with its rows and impurity, each leaf with its likeliest
    /// class and that class's share. The left child answers yes. Of the feature `plot`, which is on unless
    /// switched off.
    ///
    /// # Errors
    /// [`crate::Error::Plot`] for more than 32 leaves.
    pub fn draw(&self) -> Result<Figure> {
        self.draw_named(NO_NAMES, NO_NAMES)
    }

    /// As [`DecisionTreeClassifier::draw`], with names (ASCII) for features and classes; where there are too
    /// few, numbers. Of the feature `plot`, which is on unless switched off.
    ///
    /// ```
    /// use mlnotes::tree::cart::DecisionTreeClassifier;
    /// let birds = mlnotes::data::penguins();
    /// let tree = DecisionTreeClassifier::params().max_depth(2).fit(birds.x.view(), &birds.y)?;
    /// let figure = tree.draw_named(&birds.feature_names, &birds.target_names)?;
    /// assert!(figure.svg().contains("flipper_length_mm &lt;= 206.5"));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`crate::Error::Plot`] for more than 32 leaves, and for names that are not ASCII.
    pub fn draw_named(
        &self,
        features: &[impl AsRef<str>],
        classes: &[impl AsRef<str>],
    ) -> Result<Figure> {
        let boxes = boxes(&self.tree, features, |id| {
            let class = argmax(ArrayView1::from(self.tree.value(id)));
            let name = classes
                .get(class)
                .map_or_else(|| format!("class {class}"), |name| name.as_ref().to_owned());
            (format!("{name} {}", short(self.tree.value(id)[class])), Some(class))
        });
        tree("Classification tree", &boxes)
    }
}

impl DecisionTreeRegressor {
    /// The tree as boxes and lines: each question with its rows and variance, each leaf with its mean. The
    /// left child answers yes. Of the feature `plot`, which is on unless switched off.
    ///
    /// # Errors
    /// [`crate::Error::Plot`] for more than 32 leaves.
    pub fn draw(&self) -> Result<Figure> {
        self.draw_named(NO_NAMES)
    }

    /// As [`DecisionTreeRegressor::draw`], with names (ASCII) for features; where there are too few, numbers.
    /// Of the feature `plot`, which is on unless switched off.
    ///
    /// ```
    /// use mlnotes::tree::cart::DecisionTreeRegressor;
    /// let set = mlnotes::data::diabetes();
    /// let tree = DecisionTreeRegressor::params().max_depth(2).fit(set.x.view(), set.y.view())?;
    /// assert!(tree.draw_named(&set.feature_names)?.svg().contains("bmi &lt;="));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`crate::Error::Plot`] for more than 32 leaves, and for names that are not ASCII.
    pub fn draw_named(&self, features: &[impl AsRef<str>]) -> Result<Figure> {
        let value = |id: usize| (format!("mean {}", short(self.tree.value(id)[0])), None);
        tree("Regression tree", &boxes(&self.tree, features, value))
    }
}

/// `leaf` gives the words and the colour of a leaf.
fn boxes(
    tree: &Tree,
    features: &[impl AsRef<str>],
    leaf: impl Fn(usize) -> (String, Option<usize>),
) -> Vec<TreeBox> {
    let one = |(id, node): (usize, &Node)| {
        let rows = format!("{} rows", node.n_samples);
        let Some(split) = node.split else {
            let (words, shade) = leaf(id);
            return TreeBox { lines: vec![words, rows], children: None, shade };
        };
        let question =
            format!("{} <= {}", feature_name(features, split.feature), short(split.threshold));
        let impurity = format!("{rows}, impurity {}", short(node.impurity));
        let children = Some([split.left, split.right]);
        TreeBox { lines: vec![question, impurity], children, shade: None }
    };
    tree.nodes.iter().enumerate().map(one).collect()
}
