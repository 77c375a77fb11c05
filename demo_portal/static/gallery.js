// Shows the photo whose thumbnail was chosen.
const photo = document.getElementById("photo");
const title = document.getElementById("photo-title");
for (const thumb of document.querySelectorAll(".thumb")) {
  thumb.addEventListener("click", () => {
    photo.src = thumb.querySelector("img").src;
    photo.alt = title.textContent = thumb.dataset.title;
    for (const other of document.querySelectorAll(".thumb")) other.setAttribute("aria-pressed", other === thumb);
  });
}
