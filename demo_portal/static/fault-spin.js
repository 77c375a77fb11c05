// Loops for ever, but only once the page is loaded: it looks healthy and answers nothing any more.
addEventListener("load", () => setTimeout(() => { for (;;); }, 0));
