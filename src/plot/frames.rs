//! A slider over pictures that are drawn already: it needs no running kernel.

use super::paper::{Figure, fault};
use crate::Result;
use crate::display::{Bundle, escape};
use std::fmt::Write;

/// More frames than this make a page slow to open.
const MAX_FRAMES: usize = 60;

/// Pictures with captions behind a slider.
#[derive(Clone, PartialEq, Eq)]
pub struct Frames {
    html: String,
    n: usize,
    title: String,
}

impl std::fmt::Debug for Frames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frames(\"{}\", {} figures)", self.title, self.n)
    }
}

/// Puts figures behind a slider, a caption each. The last one is shown first, and is all that shows
/// where scripts do not run; text in a caption is shown as it is.
///
/// ```
/// use mlnotes::plot::{Plot, frames};
/// use ndarray::array;
/// let frame = |k: f64| {
///     let (x, y) = (array![0.0, 1.0], array![0.0, k]);
///     Plot::new("slope").y_range(0.0, 3.0).line(x.view(), y.view(), "").draw()
/// };
/// let slider = frames(vec![frame(1.0)?, frame(2.0)?], &["k = 1".into(), "k = 2".into()])?;
/// assert!(slider.html().contains("type=\"range\""));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Plot`] for no figures, for more than 60, and for a caption too many or too few.
#[expect(clippy::needless_pass_by_value, reason = "the figures end here; a cell needs no `&`")]
pub fn frames(figures: Vec<Figure>, captions: &[String]) -> Result<Frames> {
    let n = figures.len();
    if n == 0 || n > MAX_FRAMES || captions.len() != n {
        let reason = format!(
            "needs from 1 to {MAX_FRAMES} figures with a caption each, got {n} and {} captions",
            captions.len()
        );
        return Err(fault("frames", reason));
    }
    let title = figures[n - 1].title().to_owned();
    let mut html = String::from("<div class=\"mlnotes-frames\" style=\"max-width:960px\">");
    for (i, (figure, caption)) in figures.iter().zip(captions).enumerate() {
        let hidden = if i + 1 == n { "block" } else { "none" };
        let _ = write!(
            html,
            "<div class=\"mlnotes-frame\" style=\"display:{hidden}\">{}\
             <div style=\"font-size:90%\">{}</div></div>",
            figure.svg(),
            escape(caption),
        );
    }
    // Handlers look around themselves, so that any number of sliders live on one page.
    let move_to = "var b=this.closest('.mlnotes-frames'),f=b.querySelectorAll('.mlnotes-frame'),\
                   k=Number(b.querySelector('input').value);\
                   f.forEach(function(e,i){e.style.display=i===k?'block':'none'});\
                   b.querySelector('output').textContent=(k+1)+' / '+f.length";
    let step = "var s=this.closest('.mlnotes-frames').querySelector('input'),n=Number(s.max)+1;\
                s.value=(Number(s.value)+Number(this.dataset.by)+n)%n;\
                s.dispatchEvent(new Event('input'))";
    let button = |by: &str, sign: &str, label: &str| {
        format!(
            "<button type=\"button\" data-by=\"{by}\" aria-label=\"{label}\" onclick=\"{step}\">\
             {sign}</button>"
        )
    };
    let _ = write!(
        html,
        "<div style=\"display:flex;gap:8px;align-items:center;margin-top:4px\">{}\
         <input type=\"range\" min=\"0\" max=\"{last}\" value=\"{last}\" step=\"1\" \
         aria-label=\"frame\" style=\"flex:1;max-width:420px\" oninput=\"{move_to}\">{}\
         <output>{n} / {n}</output></div></div>",
        button("-1", "&lsaquo;", "previous frame"),
        button("1", "&rsaquo;", "next frame"),
        last = n - 1,
    );
    Ok(Frames { html, n, title })
}

impl Frames {
    /// The slider with its pictures, whole: nothing is loaded from elsewhere.
    pub fn html(&self) -> &str {
        &self.html
    }

    /// Shows the slider now.
    pub fn show(&self) {
        self.bundle().show();
    }

    /// Shows the slider as the cell's result; the kernel calls this.
    pub fn evcxr_display(&self) {
        self.bundle().evcxr_display();
    }

    fn bundle(&self) -> Bundle {
        Bundle::new("text/html", self.html.as_str()).with("text/plain", format!("{self:?}"))
    }
}
