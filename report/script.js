'use strict';
// Tables: sorted by the buttons of their heads, searched, filtered by group, and shown some rows at a time.
for (const table of document.querySelectorAll('table')) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  const own = document.querySelector('.tools[data-for="' + table.id + '"]');
  const more = document.querySelector('.more[data-for="' + table.id + '"]');
  const part = 100;
  let rows = [...body.rows], shown = part;
  const search = own && own.querySelector('input'), group = own && own.querySelector('select'), out = own && own.querySelector('output');
  const texts = own && new Map(rows.map(r => [r, r.textContent.toLowerCase()]));
  function show() {
    if (!own) return;
    const want = search.value.trim().toLowerCase(), of = group ? group.value : '';
    let n = 0;
    for (const r of rows) {
      const fits = (!want || texts.get(r).includes(want)) && (!of || r.dataset.g === of);
      r.hidden = !(fits && n++ < shown);
    }
    out.textContent = Math.min(n, shown).toLocaleString('en') + ' of ' + rows.length.toLocaleString('en') + ' rows' + (n < rows.length ? ', ' + n.toLocaleString('en') + ' fit' : '');
    more.hidden = n <= shown;
  }
  heads.forEach((head, k) => head.firstElementChild.addEventListener('click', () => {
    const down = head.getAttribute('aria-sort') === 'ascending' || (head.classList.contains('n') && !head.hasAttribute('aria-sort'));
    heads.forEach(h => h.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const value = r => { const c = r.cells[k]; return 'v' in c.dataset ? +c.dataset.v : c.textContent; };
    const keyed = rows.map((r, i) => [value(r), i, r]);
    keyed.sort((a, b) => {
      const d = typeof a[0] === 'number' && typeof b[0] === 'number' ? a[0] - b[0] : String(a[0]).localeCompare(String(b[0]), 'en', {numeric: true});
      return (down ? -d : d) || a[1] - b[1];
    });
    rows = keyed.map(x => x[2]);
    show();
    body.append(...rows);
  }));
  if (own) {
    search.addEventListener('input', () => { shown = part; show(); });
    if (group) group.addEventListener('change', () => { shown = part; show(); });
    more.addEventListener('click', () => { shown += 10 * part; show(); });
    show();
  }
}
