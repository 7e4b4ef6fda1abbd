"use strict";
(() => {
  // ---- a page that waits for runs renews itself until somebody has touched it ----
  const renew = Number(document.documentElement.dataset.renew);
  const viewer = document.getElementById("viewer");
  let touched = false;
  for (const kind of ["click", "keydown"]) {
    document.addEventListener(kind, () => { touched = true; }, true);
  }
  if (renew) {
    setInterval(() => { if (!touched) location.reload(); }, 1000 * renew);
  }

  // ---- tables are sorted by the column whose head is clicked ----
  const number = (cell) => {
    const value = parseFloat(cell.dataset.value || cell.textContent.replace("+", ""));
    return Number.isNaN(value) ? -Infinity : value;
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    if (table.tHead.rows.length > 1) continue;
    heads.forEach((head, column) => {
      if (head.dataset.sort === "no") return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        // Names from A on first, figures from the best.
        const first = column === 0 ? "ascending" : "descending";
        const second = column === 0 ? "descending" : "ascending";
        const down = (head.getAttribute("aria-sort") === first ? second : first) === "descending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0];
        const rows = [...body.rows];
        rows.sort((a, b) => {
          const [x, y] = column === 0
            ? [a.cells[0].textContent, b.cells[0].textContent]
            : [number(a.cells[column]), number(b.cells[column])];
          const order = x < y ? -1 : x > y ? 1 : 0;
          return down ? -order : order;
        });
        body.append(...rows);
      });
    });
  }

  // ---- the viewer: one picture of an image, large, changed by keys ----
  const rows = [...document.querySelectorAll("table.pictures tbody tr:not(.caption)")];
  if (!viewer || rows.length === 0) return;
  document.body.classList.add("has-viewer");
  const stage = viewer.querySelector(".stage");
  const strip = viewer.querySelector(".strip");
  const title = viewer.querySelector(".title");
  const marks = document.getElementById("mark-errors");
  let row = 0;
  let shown = 0;  // 0 = image, 1 = truth, 2 ... = runs
  let over = false;

  const cells = () => [...rows[row].cells];
  const namesOf = () => {
    const heads = rows[row].closest("table").tHead.rows[0].cells;
    return [...heads].map((head) => head.textContent);
  };
  const has = (k) => cells()[k] && cells()[k].querySelector("img");
  const keyOf = (k) => (k === 0 ? "0" : k === 1 ? "t" : k <= 10 ? String(k - 1) : "");

  const draw = () => {
    const all = cells();
    const names = namesOf();
    const score = all[shown].querySelector(".score");
    const caption = rows[row].previousElementSibling.textContent;
    title.textContent = caption + " · " + names[shown] +
      (score ? " · mean IU " + score.textContent : "");
    const view = document.createElement("div");
    view.className = "view" + (over && shown > 0 ? " over" : "");
    const photo = has(0);
    if (over && shown > 0 && photo) view.append(photo.cloneNode());
    all[shown].querySelectorAll("img").forEach((img) => view.append(img.cloneNode()));
    const sized = has(shown);
    if (sized && sized.naturalWidth) {
      view.style.setProperty("--ratio", sized.naturalWidth / sized.naturalHeight);
    }
    stage.replaceChildren(view);
    const focused = strip.contains(document.activeElement);
    strip.replaceChildren(...all.map((cell, k) => {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-pressed", String(k === shown));
      button.disabled = !has(k);
      const key = document.createElement("kbd");
      key.textContent = keyOf(k);
      button.append(key, " " + names[k]);
      button.addEventListener("click", () => { shown = k; draw(); });
      return button;
    }));
    if (focused) strip.children[shown].focus();
    viewer.querySelector("[data-do=errors]").setAttribute("aria-pressed", String(marks.checked));
    viewer.querySelector("[data-do=over]").setAttribute("aria-pressed", String(over));
  };
  const open = (r, k) => {
    row = r;
    shown = k;
    draw();
    if (!viewer.open) viewer.showModal();
  };
  // Browsers that know no :has() see the switch too.
  const mark = () => document.documentElement.classList.toggle("errors-alone", marks.checked);
  marks.addEventListener("change", mark);
  mark();
  const act = {
    next: () => { row = (row + 1) % rows.length; if (!has(shown)) shown = 0; draw(); },
    previous: () => { row = (row + rows.length - 1) % rows.length; if (!has(shown)) shown = 0; draw(); },
    errors: () => { marks.checked = !marks.checked; mark(); draw(); },
    over: () => { over = !over; draw(); },
    close: () => viewer.close(),
  };

  rows.forEach((one, r) => [...one.cells].forEach((cell, k) => {
    const view = cell.querySelector(".view");
    if (!view) return;
    view.tabIndex = 0;
    view.setAttribute("role", "button");
    view.addEventListener("click", () => open(r, k));
    view.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open(r, k);
    });
  }));
  viewer.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) act[button.dataset.do]();
    else if (event.target === viewer) viewer.close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!viewer.open) return;
    const doing = { ArrowRight: "next", ArrowLeft: "previous", e: "errors", o: "over" }[event.key];
    if (doing) {
      event.preventDefault();
      act[doing]();
      return;
    }
    const run = event.key === "t" ? 1 : event.key === "0" ? 0
      : /^[1-9]$/.test(event.key) ? Number(event.key) + 1 : -1;
    if (run >= 0 && has(run)) { shown = run; draw(); }
  });
})();
