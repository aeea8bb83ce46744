// Fetches the page once a second and puts the new main part in place of the old
// one. Not while it is paused, hidden, or some of its text is selected; what had
// the focus has it again.
const pause = document.getElementById("pause");
pause.hidden = false;
let paused = false;
pause.onclick = () => {
	paused = !paused;
	pause.setAttribute("aria-pressed", paused);
	pause.textContent = paused ? "Resume" : "Pause";
};
async function refresh() {
	if (!paused && !document.hidden && getSelection().isCollapsed) {
		try {
			const answer = await fetch(location.href);
			const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
			const main = document.querySelector("main");
			const scrolled = [...main.querySelectorAll(".wide, pre")].map(e => e.scrollLeft);
			const focused = main.contains(document.activeElement) && document.activeElement.id;
			main.replaceWith(document.adoptNode(next));
			[...next.querySelectorAll(".wide, pre")].forEach((e, i) => { e.scrollLeft = scrolled[i] || 0; });
			if (focused) document.getElementById(focused)?.focus({preventScroll: true});
			document.getElementById("state").textContent = "";
		} catch {
			document.getElementById("state").textContent = "the program does not answer";
		}
	}
	setTimeout(refresh, 1000);
}
setTimeout(refresh, 1000);
