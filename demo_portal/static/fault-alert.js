// Opens a dialog that stops the page until somebody answers it.
addEventListener("load", () => setTimeout(() => alert("Scheduled maintenance tonight from 22:00 to 23:00."), 0));
