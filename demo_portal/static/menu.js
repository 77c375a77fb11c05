// Closes the account menu when somebody clicks elsewhere or presses Escape.
const menu = document.getElementById("account-menu");
if (menu) {
  addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  addEventListener("keydown", (event) => { if (event.key === "Escape") menu.open = false; });
}
