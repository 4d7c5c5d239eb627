// Elements from values. Texts only ever become text nodes.

export const find = (id) => document.getElementById(id);

/** An element with attributes and children; undefined ones are left out. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** Leaves an element alone that says so already: a live region speaks only of what is new. */
export function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
