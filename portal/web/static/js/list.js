// What stands in a pasted list or a CSV file, line by line.

const NAME = /^(姓名|名字|学生|name|pupil|student)$/i;
const CLASS = /^(班级|班|班名|class)$/i;
const SEATS = /^(人数|座位数|学生数|seats|pupils|students)$/i;
const NUMBER = /^(序号|学号|座号|座位|no\.?|nr\.?|number|seat)$/i;
const DIGITS = "零一二三四五六七八九";

export function rowsOf(text) {
  const rows = text.split(/\r?\n/).map((line) => line.split(/[,，;；\t]/).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1")));
  return rows.filter((cells) => cells.some(Boolean));
}

// One name of each line: the first cell that is not a number. A line of headings is no pupil.
export function pupils(text) {
  const rows = rowsOf(text);
  if (rows.length && isHead(rows[0])) rows.shift();
  return rows.map((cells) => nameIn(cells) || cells.find(Boolean));
}

// The classes of a list in its order: a line for each pupil with the class, or a line for each
// class with its number of seats. Columns with headings may stand in any order.
export function classes(text) {
  const rows = rowsOf(text);
  const head = rows.length && isHead(rows[0]) ? rows.shift() : [];
  const at = { class: column(head, CLASS, 0), name: column(head, NAME, -1), seats: column(head, SEATS, -1) };
  const found = new Map();
  for (const cells of rows) {
    const name = cells[at.class];
    if (!name) continue;
    if (!found.has(name)) found.set(name, { name, slug: shortName(name), seats: 0, names: [] });
    const rest = cells.filter((_cell, place) => place !== at.class);
    const pupil = at.name >= 0 ? cells[at.name] : at.seats >= 0 ? "" : nameIn(rest);
    const count = at.seats >= 0 ? cells[at.seats] : pupil ? "" : rest.find(Boolean);
    const one = found.get(name);
    if (pupil) one.names.push(pupil);
    one.seats = pupil ? one.names.length : Number.parseInt(count, 10) || one.seats;
  }
  return [...found.values()];
}

// "七年级 2 班", "7(2)" and "Class 7-2" are 7-2; a name without a number has no short name yet.
export function shortName(name) {
  const figures = name.replace(/[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九]/g, (words) => ` ${figure(words)} `);
  return (figures.match(/\d+/g) || []).join("-").slice(0, 40);
}

// Spreadsheets in Chinese write their CSV in GB 18030.
export async function textOf(file) {
  const bytes = await file.arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("gb18030").decode(bytes);
  }
}

function isHead(cells) {
  return cells.some((cell) => [NAME, CLASS, SEATS, NUMBER].some((words) => words.test(cell)));
}

function column(head, words, otherwise) {
  const place = head.findIndex((cell) => words.test(cell));
  return place < 0 ? otherwise : place;
}

function nameIn(cells) {
  return cells.find((cell) => cell && !/^\d+$/.test(cell));
}

function figure(words) {
  const [tens, ones] = words.includes("十") ? words.split("十") : ["0", words];
  return (tens === "0" ? 0 : (DIGITS.indexOf(tens || "一")) * 10) + Math.max(0, DIGITS.indexOf(ones || "零"));
}
