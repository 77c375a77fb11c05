// Delivers a report by script: fetched, turned into a blob, saved by a link that never stands on the page.
const control = document.querySelector("button#get-report[data-url]");
if (control) {
  const problem = document.querySelector(".report-problem");
  control.addEventListener("click", async () => {
    control.disabled = true;
    control.textContent = "Preparing…";
    problem.textContent = "";
    try {
      const answer = await fetch(control.dataset.url);
      if (!answer.ok || answer.redirected) throw new Error(`The report could not be loaded (${answer.status}).`);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await answer.blob());
      link.download = control.dataset.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      control.disabled = false;
      control.textContent = "Get report";
    }
  });
}
