// Gives each password a button that shows it. Nothing else needs a script.
for (const box of document.querySelectorAll(".password")) {
	const input = box.querySelector("input");
	const button = document.createElement("button");
	const set = (shown) => {
		input.type = shown ? "text" : "password";
		button.textContent = shown ? box.dataset.hide : box.dataset.show;
		button.setAttribute("aria-pressed", String(shown));
	};
	button.type = "button";
	button.className = "show";
	button.setAttribute("aria-controls", input.id);
	button.addEventListener("click", () => set(input.type === "password"));
	// Browsers keep what was typed into text fields: it is no text when it is sent.
	input.form.addEventListener("submit", () => set(false));
	set(false);
	box.append(button);
}
