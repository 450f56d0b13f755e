// A page that is opened from a file may not fetch others: there the search lists titles only.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// A formula in a line of text that is wider than the text becomes a line of its own that scrolls.
function fitFormulas() {
    for (const formula of document.querySelectorAll("span.math")) {
        formula.classList.remove("wide");
        const room = formula.parentElement.closest("p, li, td, th, div, summary").clientWidth;
        const set = formula.querySelector("mjx-container");
        formula.classList.toggle("wide", set !== null && set.getBoundingClientRect().width > room);
    }
}
window.addEventListener("load", () => window.MathJax?.startup?.promise?.then(fitFormulas));
window.addEventListener("resize", fitFormulas);
document.addEventListener("toggle", fitFormulas, true);
