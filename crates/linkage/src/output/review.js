// The review page: shows pairs side by side, filters and sorts them, keeps the clerk's decisions in the browser.
// Always holds: nothing leaves the machine (the policy forbids every connection); texts enter the page as text, never as
// markup; decisions are kept under the run's own id, so another run's never appear here.
// Not here: what a decision leads to.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const AT_ONCE = 50, PRINT_MAX = 500, DIFF_MAX = 40000;
  const ATTRIBUTES = ["name", "kana", "birth", "sex", "address", "strong"];
  const [LINE, KEY, FIRST, CARRIED, BIRTH, ADDRESS] = [0, 1, 2, 8, 9, 10];
  const DONE = ["1", "0", "?"];
  const WORDS = {
    ja: {
      other: "English", skip: "一覧へ移動", title: "目視確認", export: "判断を書き出す", import: "判断を取り込む", filters: "絞り込み",
      clear: "絞り込みを解く", help: "キー操作と保存について", forget: "この端末に残した判断を消す", sort: "並べ替え", number: "番号",
      score: "点数", name: "氏名", kana: "カナ", birth: "生年月日", sex: "性別", address: "住所", strong: "固有番号", cause: "理由", rule: "判定の規則",
      decision: "判断", what: "項目", level: "一致の度合い", line: "行", key: "キー", case: "案件", all: "すべて", open: "未判断",
      "1": "同一人", "0": "別人", "?": "保留", memo: "メモ", find: "文字で探す（氏名・カナ・住所・キー）", none: "（なし）",
      prev: "前へ", next: "次へ", page: (n, of) => `${n}／${of} ページ`, up: "昇順", down: "降順",
      shown: (n, of) => n === of ? `${of} 件` : `${of} 件のうち ${n} 件`, empty: "この条件に当てはまるものはありません。",
      progress: (done, of, same, other, held) => `判断済み ${done}／${of}（同一人 ${same}・別人 ${other}・保留 ${held}）`,
      nth: (n, of) => `候補 ${n}／${of}`, alone: "組が多すぎるため、この行の相手は並べていません。元のファイルで探してください。",
      clash: "同じ行が、ほかの組でも「同一人」とされています。", more: (n) => `この案件には、ここに出していない行があと ${n} 行あります（review.csv）。`,
      about: "左が A、右が B です。違う字には色と下線が付きます。判断とメモは、このブラウザーにだけ残ります。終えたら書き出してください。",
      part: (n) => `${n} 枚目`, parts: "分けたページ", form: "比較した形：",
      exported: (n) => `${n} 件を書き出しました。`, imported: (n, strange) => `${n} 件を取り込みました。${strange ? `この画面にない ${strange} 件は飛ばしました。` : ""}`,
      unclear: (n, some) => `判断欄を読めない ${n} 件は取り込んでいません（番号 ${some}）。「同一人」「別人」「保留」のどれかに直し、もう一度取り込んでください。`,
      foreign: (n, some) => `このファイルは別の実行の判断です（実行ID が違う行が ${n} 行。ファイルの ${some} 行目）。取り込みませんでした。`,
      unrun: (n, some) => `実行ID がない行が ${n} 行あります（ファイルの ${some} 行目）。実行ID の列を元のとおりに戻してください。取り込みませんでした。`,
      unread: "このファイルからは判断を読めません。見出し「A行」「B行」「判断」「メモ」「実行ID」のある、コンマ区切りの CSV を選んでください。",
      unkept: "このブラウザーは判断を保存できません。画面を閉じる前に書き出してください。", sure: "この画面の判断とメモをすべて消します。よろしいですか。", forgotten: "消しました。",
      printed: (n, of) => `印刷は先頭の ${n} 件です（全 ${of} 件）。絞り込んでから印刷してください。`,
      keys: [["Tab", "次の部品へ"], ["J ／ K", "次の組、前の組へ。50組の終わりでは次のページへ"], ["1 ／ 2 ／ 3", "同一人、別人、保留（もう一度押すと取り消し）"], ["M", "メモへ"], ["Esc", "メモから組へ戻る"]], useKeys: "文字のキー（J・K・1・2・3・M）を使う",
      kept: "判断とメモは、この端末のこのブラウザーにだけ保存されます。ほかの人に渡すとき、別の端末で続けるときは、書き出して取り込んでください。取り込めるのは、書き出した CSV か、判断欄に記入した review.csv です。",
    },
    en: {
      other: "日本語", skip: "Go to the list", title: "Clerical review", export: "Export decisions", import: "Import decisions", filters: "Filter",
      clear: "Clear filters", help: "Keys, and where decisions are kept", forget: "Erase the decisions kept here", sort: "Sort by", number: "Number",
      score: "Score", name: "Name", kana: "Reading", birth: "Birth date", sex: "Sex", address: "Address", strong: "Identifier", cause: "Cause", rule: "Rule",
      decision: "Decision", what: "Item", level: "Agreement", line: "line", key: "key", case: "Case", all: "All", open: "Open",
      "1": "Same", "0": "Other", "?": "Hold", memo: "Memo", find: "Find text (name, reading, address, key)", none: "(none)",
      prev: "Previous", next: "Next", page: (n, of) => `Page ${n} of ${of}`, up: "ascending", down: "descending",
      shown: (n, of) => n === of ? `${of} pairs` : `${n} of ${of} pairs`, empty: "Nothing fits these filters.",
      progress: (done, of, same, other, held) => `${done} of ${of} decided (${same} same, ${other} other, ${held} on hold)`,
      nth: (n, of) => `candidate ${n} of ${of}`, alone: "Too many pairs: the partners of this row are not shown. Look for them in the files.",
      clash: "Another pair with one of these rows is “same” too.", more: (n) => `${n} more rows of this case are in review.csv only.`,
      about: "A is left, B is right. Characters that differ are coloured and underlined. Decisions and memos stay in this browser; export them when you are done.",
      part: (n) => `Part ${n}`, parts: "Parts", form: "as compared: ",
      exported: (n) => `${n} pairs exported.`, imported: (n, strange) => `${n} decisions imported.${strange ? ` ${strange} are not on this page and were left out.` : ""}`,
      unclear: (n, some) => ` ${n} have a decision that cannot be read and were not imported (numbers ${some}): write 同一人, 別人 or 保留 and import them again.`,
      foreign: (n, some) => `This file holds decisions of another run (another run id in ${n} rows: rows ${some}). Nothing was imported.`,
      unrun: (n, some) => `${n} rows have no run id (実行ID; rows ${some}): put the column back as it was. Nothing was imported.`,
      unread: "No decisions can be read from this file: choose a CSV, separated by commas, with the headings A行, B行, 判断, メモ and 実行ID.",
      unkept: "This browser cannot keep decisions. Export them before you close the page.", sure: "Erase all decisions and memos of this page?", forgotten: "Erased.",
      printed: (n, of) => `The first ${n} of ${of} are printed. Filter before you print.`,
      keys: [["Tab", "next control"], ["J / K", "next and previous pair, at the end of 50 on to the next page"], ["1 / 2 / 3", "same, other, hold (again: undone)"], ["M", "memo"], ["Esc", "from the memo back to the pair"]], useKeys: "Use the letter keys (J, K, 1, 2, 3, M)",
      kept: "Decisions and memos are kept in this browser on this machine only. To hand over, or to go on elsewhere, export and import them. An exported CSV can be imported, and a review.csv with its decision column filled in.",
    },
  };

  // --- pairs -------------------------------------------------------------------------------------------------
  const pairs = data.pairs.map(([number, caseNumber, cause, a, b, score, reason, levels, nth, of, more], at) => {
    const [rowA, rowB] = [data.a[a] ?? null, data.b[b] ?? null];
    return { at, number, caseNumber, cause, a: rowA, b: rowB, score, reason, levels, nth, of, more, id: `${rowA?.[LINE] ?? ""}:${rowB?.[LINE] ?? ""}` };
  });
  const byId = new Map(pairs.map((pair) => [pair.id, pair]));
  const text = (row, n) => row?.[FIRST + n] ?? "";
  const searched = (pair) => pair.searched ??= [pair.a, pair.b].filter(Boolean)
    .flatMap((row) => [row[KEY], text(row, 0), text(row, 1), text(row, 4)]).join("\n").normalize("NFKC").toLowerCase();

  // --- what is kept ------------------------------------------------------------------------------------------
  const PLACE = `shikaku-review:${data.run}:${data.part}`, TONGUE = "shikaku-review:lang", KEYS = "shikaku-review:keys";
  const stored = (place) => { try { return localStorage.getItem(place); } catch { return null; } };
  const store = (place, value) => { try { localStorage.setItem(place, value); return true; } catch { return false; } };
  let kept = {};
  try { kept = JSON.parse(stored(PLACE) ?? "{}") ?? {}; } catch { kept = {}; }
  let canKeep = store(PLACE, JSON.stringify(kept));
  let unsaved = false;
  const decision = (pair) => kept[pair.id]?.[0] ?? "";
  const memo = (pair) => kept[pair.id]?.[1] ?? "";
  // How many pairs call a row "same": two are a contradiction, since one person has one row on each side.
  const same = new Map();
  const rowsOf = (pair) => [pair.a && `a${pair.a[LINE]}`, pair.b && `b${pair.b[LINE]}`].filter(Boolean);
  const countSame = (pair, by) => rowsOf(pair).forEach((row) => same.set(row, (same.get(row) ?? 0) + by));
  const clashes = (pair) => decision(pair) === "1" && rowsOf(pair).some((row) => same.get(row) > 1);
  const put = (pair, what, note) => {
    if (decision(pair) === "1") countSame(pair, -1);
    if (what || note) kept[pair.id] = [what, note]; else delete kept[pair.id];
    if (what === "1") countSame(pair, 1);
  };
  const save = () => {
    canKeep = store(PLACE, JSON.stringify(kept));
    unsaved = !canKeep;
    if (!canKeep) say("unkept", "warn");
  };
  pairs.forEach((pair) => { if (decision(pair) === "1") countSame(pair, 1); });
  addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });

  // --- small helps -------------------------------------------------------------------------------------------
  let lang = stored(TONGUE) === "en" ? "en" : "ja";
  const t = (key, ...rest) => { const word = WORDS[lang][key]; return typeof word === "function" ? word(...rest) : word; };
  const aside = (word) => lang === "ja" ? `（${word}）` : ` (${word})`;
  const pick = (words) => words[lang === "ja" ? 1 : 2];
  /** A code with its words, as the manual has it. */
  const coded = (words) => `${words[0]} ${pick(words)}`;
  const $ = (id) => document.getElementById(id);
  const make = (tag, set = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(set)) {
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (key in node && key !== "list") node[key] = value;
      else node.setAttribute(key, value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };
  const tell = (sentence, tone) => {
    $("notice").className = `notice ${tone ?? ""}`;
    $("notice").textContent = sentence;
  };
  const say = (key, tone, ...rest) => tell(t(key, ...rest), tone);

  // --- which characters differ -------------------------------------------------------------------------------
  const segmenter = Intl.Segmenter ? new Intl.Segmenter("ja") : null;
  const letters = (value) => segmenter ? [...segmenter.segment(value)].map((one) => one.segment) : [...value];
  // Widths and blanks do not count: they would hide what does. Variant characters do count.
  const folded = (letter) => letter.normalize("NFKC").replace(/\s/g, "");
  /** Both texts as [text, differs] pieces, by their longest common subsequence; two strangers differ as a whole. */
  const differences = (a, b) => {
    if (a === b || !a || !b) return [[[a, false]], [[b, false]]];
    const [x, y] = [letters(a), letters(b)];
    const [p, q] = [x.map(folded), y.map(folded)];
    const whole = [[[a, true]], [[b, true]]];
    if (x.length * y.length > DIFF_MAX) return whole;
    const best = Array.from({ length: x.length + 1 }, () => new Uint16Array(y.length + 1));
    for (let i = x.length - 1; i >= 0; i--)
      for (let j = y.length - 1; j >= 0; j--)
        best[i][j] = p[i] === q[j] ? best[i + 1][j + 1] + 1 : Math.max(best[i + 1][j], best[i][j + 1]);
    if (best[0][0] * 3 < Math.min(x.length, y.length)) return whole;
    const out = [[], []];
    const add = (side, letter, differs) => {
      const last = out[side].at(-1);
      if (last && last[1] === differs) last[0] += letter; else out[side].push([letter, differs]);
    };
    let [i, j] = [0, 0];
    while (i < x.length || j < y.length) {
      if (i < x.length && !p[i]) add(0, x[i++], false);
      else if (j < y.length && !q[j]) add(1, y[j++], false);
      else if (i < x.length && j < y.length && p[i] === q[j]) { add(0, x[i++], false); add(1, y[j++], false); }
      else if (j >= y.length || (i < x.length && best[i + 1][j] >= best[i][j + 1])) add(0, x[i++], true);
      else add(1, y[j++], true);
    }
    return out;
  };

  // --- one pair ----------------------------------------------------------------------------------------------
  const SIGNS = { same: "＝", near: "≒", other: "≠", lack: "－" };
  const written = (tag, pieces) => {
    const node = make(tag);
    pieces.forEach(([piece, differs]) => node.append(differs ? make("mark", {}, piece) : piece));
    return node;
  };
  const cell = (side, raw, form, row) => {
    if (!row) return make("td", { className: "text none", "data-side": side }, make("span", {}, t("none")));
    const inside = make("div", {}, written("span", raw));
    if (form) inside.append(make("span", { className: "unseen" }, t("form")), written("small", form));
    return make("td", { className: "text", "data-side": side }, inside);
  };
  /** A line of the comparison. Where both sides have a form as compared (dates, addresses), that is what is marked. */
  const line = (pair, what, tone, word, [left, right], forms = ["", ""]) => {
    let [formA, formB] = forms;
    const plain = (value) => [[value, false]];
    const both = pair.a && pair.b && (tone === "near" || tone === "other");
    const hasForms = formA && formB && formA !== formB;
    // Written alike, read alike: nothing to say.
    if (left === right) formA = formB = "";
    const [rawA, rawB] = both && !hasForms ? differences(left, right) : [plain(left), plain(right)];
    const [a, b] = both && hasForms ? differences(formA, formB) : [plain(formA), plain(formB)];
    const shown = (form, pieces, value) => form && form !== value ? pieces : null;
    const alike = formA === left && formB === right;
    const level = make("td", { className: "level" });
    if (tone) level.append(make("span", { className: "sign", "aria-hidden": "true" }, SIGNS[tone]), word);
    return make("tr", { className: tone }, make("th", { className: "what", scope: "row" }, what),
      cell("A", alike ? a : rawA, alike ? null : shown(formA, a, both ? "" : left), pair.a),
      cell("B", alike ? b : rawB, alike ? null : shown(formB, b, both ? "" : right), pair.b), level);
  };
  const head = (side, row) => row ? `${side}　${t("line")} ${row[LINE]}　${t("key")} ${row[KEY]}` : side;
  const table = (pair) => {
    const body = make("tbody");
    ATTRIBUTES.forEach((attribute, n) => {
      const [left, right] = [text(pair.a, n), text(pair.b, n)];
      if (attribute === "strong" && !left && !right) return;
      const level = pair.levels ? data.levels[n][pair.levels[n]] : null;
      const form = { birth: BIRTH, address: ADDRESS }[attribute];
      body.append(line(pair, t(attribute), level ? level[3] : "", level ? `${pick(level)}${aside(level[0])}` : "", [left, right],
        form ? [pair.a?.[form] ?? "", pair.b?.[form] ?? ""] : undefined));
    });
    new Set(data.carry.flat()).forEach((name) => {
      const [left, right] = [[pair.a, 0], [pair.b, 1]].map(([row, side]) => row?.[CARRIED]?.[data.carry[side].indexOf(name)] ?? "");
      if (left || right) body.append(line(pair, name, "", "", [left, right]));
    });
    const top = [["what", t("what")], ["", head("A", pair.a)], ["", head("B", pair.b)], ["level", t("level")]];
    const heads = top.map(([className, word]) => make("th", { className, scope: "col" }, word));
    return make("table", { className: "both" }, make("thead", {}, make("tr", {}, ...heads)), body);
  };
  const choices = (pair, card) => {
    const box = make("div", { className: "choices", role: "group", "aria-label": t("decision") });
    DONE.forEach((what) => box.append(make("button", {
      type: "button", "data-d": what, "aria-pressed": String(decision(pair) === what), onclick: () => decide(pair, card, what),
    }, t(what))));
    return box;
  };
  const draw = (pair) => {
    const card = make("article", { className: pair.nth === 1 ? "pair first" : "pair", tabIndex: -1, "aria-labelledby": `h${pair.at}` });
    card.pair = pair;
    card.dataset.d = decision(pair);
    const facts = [`${t("case")} ${pair.caseNumber}${pair.levels && pair.of > 1 ? aside(t("nth", pair.nth, pair.of)) : ""}`];
    facts.push(coded(data.causes[pair.cause]));
    if (pair.levels) facts.push(coded(data.reasons[pair.reason]), `${t("score")} ${(pair.score / 100).toFixed(1)}`);
    const lines = [pair.a && `A ${pair.a[LINE]}`, pair.b && `B ${pair.b[LINE]}`].filter(Boolean).join(" – ");
    card.append(make("div", { className: "pair-head" },
      make("h2", { id: `h${pair.at}` }, `${pair.number}`, make("span", { className: "unseen" }, ` ${lines}`)),
      ...facts.map((fact) => make("span", {}, fact)), make("span", { className: "done" }, t(decision(pair)) ?? "")));
    const note = make("textarea", {
      rows: 1, value: memo(pair), maxLength: 500,
      oninput: (event) => { put(pair, decision(pair), event.target.value); saveSoon(); },
    });
    const side = make("div", { className: "decide" }, choices(pair, card), make("label", {}, t("memo"), note));
    if (!pair.a || !pair.b) side.append(make("p", { className: "clash" }, t("alone")));
    if (pair.more) side.append(make("p", { className: "clash" }, t("more", pair.more)));
    if (clashes(pair)) side.append(make("p", { className: "clash", "data-clash": "" }, t("clash")));
    card.append(make("div", { className: "pair-body" }, table(pair), side));
    return card;
  };
  const decide = (pair, card, what) => {
    put(pair, decision(pair) === what ? "" : what, memo(pair));
    save();
    refresh(card);
    count();
  };
  /** Decisions shown anew on every card: one decision can contradict another. */
  const refresh = () => document.querySelectorAll(".pair").forEach((card) => {
    const pair = card.pair;
    card.dataset.d = decision(pair);
    card.querySelector(".done").textContent = t(decision(pair)) ?? "";
    card.querySelectorAll(".choices button").forEach((button) =>
      button.setAttribute("aria-pressed", String(button.dataset.d === decision(pair))));
    const shown = card.querySelector("[data-clash]");
    if (clashes(pair) && !shown) card.querySelector(".decide").append(make("p", { className: "clash", "data-clash": "" }, t("clash")));
    if (!clashes(pair) && shown) shown.remove();
  });
  let soon = 0;
  const saveSoon = () => { clearTimeout(soon); soon = setTimeout(save, 300); };
  addEventListener("pagehide", () => { clearTimeout(soon); store(PLACE, JSON.stringify(kept)); });

  // --- filters, order, pages ---------------------------------------------------------------------------------
  const wanted = { cause: "", rule: "", decision: "", find: "", levels: ["", "", "", "", "", ""] };
  let [order, down, page] = ["number", false, 0];
  let shown = pairs;
  const fits = (pair) => (wanted.cause === "" || String(pair.cause) === wanted.cause)
    && (wanted.rule === "" || (pair.levels && String(pair.reason) === wanted.rule))
    && (wanted.decision === "" || decision(pair) === (wanted.decision === "open" ? "" : wanted.decision))
    && wanted.levels.every((level, n) => level === "" || (pair.levels && String(pair.levels[n]) === level))
    && (!wanted.find || searched(pair).includes(wanted.find));
  const ORDERS = {
    number: (pair) => pair.number, score: (pair) => pair.levels ? pair.score : -1e9, cause: (pair) => pair.cause,
    decision: (pair) => ["", "?", "0", "1"].indexOf(decision(pair)), name: (pair) => text(pair.a ?? pair.b, 0), kana: (pair) => text(pair.a ?? pair.b, 1),
    birth: (pair) => text(pair.a ?? pair.b, 2), sex: (pair) => text(pair.a ?? pair.b, 3), address: (pair) => text(pair.a ?? pair.b, 4),
  };
  const find = () => {
    const value = ORDERS[order];
    shown = pairs.filter(fits).map((pair) => [value(pair), pair])
      .sort(([x, p], [y, q]) => (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1) || p.at - q.at).map(([, pair]) => pair);
    page = 0;
    list();
  };
  const list = (all) => {
    const pages = Math.max(1, Math.ceil(shown.length / AT_ONCE));
    page = Math.min(page, pages - 1);
    const now = all ? shown.slice(0, PRINT_MAX) : shown.slice(page * AT_ONCE, (page + 1) * AT_ONCE);
    $("list").replaceChildren(...(now.length ? now.map(draw) : [make("p", {}, t("empty"))]));
    $("count").textContent = t("shown", shown.length, pairs.length);
    const go = (to) => () => { page = to; list(); $("list").focus(); scrollTo(0, $("count").offsetTop); };
    document.querySelectorAll("[data-pager]").forEach((pager) => pager.replaceChildren(...(pages === 1 ? [] : [
      make("button", { type: "button", className: "button secondary", disabled: page === 0, onclick: go(page - 1) }, t("prev")),
      make("span", {}, t("page", page + 1, pages)),
      make("button", { type: "button", className: "button secondary", disabled: page === pages - 1, onclick: go(page + 1) }, t("next")),
    ])));
    count();
  };
  const count = () => {
    const of = (what) => pairs.reduce((sum, pair) => sum + (decision(pair) === what ? 1 : 0), 0);
    const [same, other, held] = DONE.map(of);
    const done = same + other + held;
    $("progress").replaceChildren(t("progress", done, pairs.length, same, other, held),
      make("progress", { max: pairs.length || 1, value: done, "aria-hidden": "true" }));
  };
  const select = (label, options, value, set) => {
    const field = make("select", { onchange: (event) => { set(event.target.value); find(); } });
    field.append(...[["", t("all")], ...options].map(([key, word]) => make("option", { value: key, selected: key === value }, word)));
    return make("label", {}, label, field);
  };
  const tally = (of) => { const sums = new Map(); pairs.forEach((pair) => { const key = of(pair); if (key !== null) sums.set(key, (sums.get(key) ?? 0) + 1); }); return [...sums].sort(([x], [y]) => x - y); };
  const filters = () => {
    const causes = tally((pair) => pair.cause).map(([key, n]) => [String(key), `${coded(data.causes[key])}${aside(n)}`]);
    const rules = tally((pair) => pair.levels ? pair.reason : null).map(([key, n]) => [String(key), `${coded(data.reasons[key])}${aside(n)}`]);
    const fields = [select(t("cause"), causes, wanted.cause, (value) => { wanted.cause = value; }),
      select(t("rule"), rules, wanted.rule, (value) => { wanted.rule = value; }),
      select(t("decision"), [["open", t("open")], ...DONE.map((what) => [what, t(what)])], wanted.decision, (value) => { wanted.decision = value; })];
    ATTRIBUTES.forEach((attribute, n) => {
      const found = tally((pair) => pair.levels ? pair.levels[n] : null);
      if (found.length < 2) return;
      const options = found.map(([key, sum]) => { const level = data.levels[n][key]; return [String(key), `${SIGNS[level[3]]} ${pick(level)}${aside(sum)}`]; });
      fields.push(select(t(attribute), options, wanted.levels[n], (value) => { wanted.levels[n] = value; }));
    });
    const box = make("input", { type: "search", value: wanted.raw ?? "", oninput: (event) => {
      wanted.raw = event.target.value;
      wanted.find = wanted.raw.normalize("NFKC").toLowerCase();
      clearTimeout(box.soon);
      box.soon = setTimeout(find, 200);
    } });
    fields.push(make("label", {}, t("find"), box));
    $("selects").replaceChildren(...fields);
  };
  const sorts = () => $("sorts").replaceChildren(make("span", { id: "sorted" }, t("sort")), ...Object.keys(ORDERS).map((key) => {
    const now = key === order;
    return make("button", {
      type: "button", "aria-pressed": String(now), "data-sort": key, onclick: () => {
        down = key === order ? !down : false;
        order = key;
        sorts();
        find();
        $("sorts").querySelector(`[data-sort="${key}"]`).focus();
      },
    }, t(key), now ? make("span", { "aria-hidden": "true" }, down ? " ▼" : " ▲") : null, now ? make("span", { className: "unseen" }, t(down ? "down" : "up")) : null);
  }));

  // --- keys: in a pair, and J where nothing has the focus; whom they bother takes them off -----------------------
  const keys = $("keys");
  keys.checked = stored(KEYS) !== "off";
  keys.addEventListener("change", () => store(KEYS, keys.checked ? "on" : "off"));
  /** To the pair beside this one, on the page before or behind it if need be. */
  const step = (card, by) => {
    const beside = by > 0 ? card.nextElementSibling : card.previousElementSibling;
    if (beside) return beside.focus();
    if (page + by < 0 || (page + by) * AT_ONCE >= shown.length) return;
    page += by;
    list();
    const cards = $("list").querySelectorAll(".pair");
    cards[by > 0 ? 0 : cards.length - 1].focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const card = event.target.closest?.(".pair");
    if (card && event.target.matches("textarea")) { if (event.key === "Escape") card.focus(); return; }
    if (!keys.checked) return;
    const by = { j: 1, k: -1 }[event.key.toLowerCase()];
    if (!card) {
      if (by !== 1 || ![document.body, $("list")].includes(event.target)) return;
      document.querySelector(".pair")?.focus();
      return event.preventDefault();
    }
    const what = { 1: "1", 2: "0", 3: "?" }[event.key];
    if (by) step(card, by);
    else if (what) decide(card.pair, card, what);
    else if (event.key.toLowerCase() === "m") card.querySelector("textarea").focus();
    else return;
    event.preventDefault();
  });

  // --- out and in --------------------------------------------------------------------------------------------
  const HEADINGS = ["番号", "案件", "A行", "Aキー", "B行", "Bキー", "判断", "メモ", "実行ID"];
  // A cell that a spreadsheet would take for a formula gets an apostrophe, as in review.csv.
  const quoted = (value) => { const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value; return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe; };
  const exported = () => [HEADINGS, ...pairs.map((pair) => [
    pair.number, pair.caseNumber, pair.a?.[LINE] ?? "", pair.a?.[KEY] ?? "", pair.b?.[LINE] ?? "", pair.b?.[KEY] ?? "",
    WORDS.ja[decision(pair)] ?? "", memo(pair), data.run,
  ])].map((cells) => cells.map((value) => quoted(String(value))).join(",")).join("\r\n") + "\r\n";
  $("export").addEventListener("click", () => {
    const place = URL.createObjectURL(new Blob(["\ufeff", exported()], { type: "text/csv" }));
    const name = `decisions-${data.run}${data.part > 1 ? `-${data.part}` : ""}.csv`;
    make("a", { href: place, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(place), 10000);
    unsaved = false;
    say("exported", "", pairs.length);
  });
  const parsed = (csv) => {
    const rows = [[""]];
    let inside = false;
    for (let i = 0; i < csv.length; i++) {
      const [row, c] = [rows.at(-1), csv[i]];
      if (inside && c === '"' && csv[i + 1] === '"') { row[row.length - 1] += '"'; i++; }
      else if (c === '"') inside = !inside;
      else if (!inside && c === ",") row.push("");
      else if (!inside && c === "\n") rows.push([""]);
      else if (inside || c !== "\r") row[row.length - 1] += c;
    }
    return rows;
  };
  // A spreadsheet may have saved the file in its own encoding.
  const decoded = (bytes) => {
    try { return new TextDecoder("utf-8", { fatal: true }).decode(bytes); } catch { return new TextDecoder("shift_jis").decode(bytes); }
  };
  /** A cell as it was meant: without blanks, full-width as half-width. */
  const plain = (cell) => (cell ?? "").normalize("NFKC").replace(/\s/g, "");
  /** The decision that a word means; undefined of a word that means none of them. */
  const meant = (word) => ["", "1", "0", "?"].find((what) => SAID[what].includes(word.toLowerCase()));
  const SAID = {
    "": [""], "1": ["同一人", "同一", "同じ", "同じ人", "同人", "本人", "○", "◯", "〇", "same"],
    "0": ["別人", "別", "別の人", "他人", "違う", "×", "✕", "✖", "other"], "?": ["保留", "△", "?", "hold"],
  };
  /** The first of them, for a sentence. */
  const some = (numbers) => numbers.slice(0, 20).join(lang === "ja" ? "、" : ", ") + (numbers.length > 20 ? " …" : "");
  const taken = (bytes) => {
    // Rows by their numbers, as a spreadsheet counts them. One without a word is none: spreadsheets leave such rows behind.
    const rows = parsed(decoded(bytes).replace(/^\ufeff/, "")).map((cells, at) => ({ cells, at: at + 1 })).filter(({ cells }) => cells.some(plain));
    const headings = rows.shift()?.cells.map(plain) ?? [];
    const [a, b, what, note, run] = ["A行", "B行", "判断", "メモ", "実行ID"].map((word) => headings.indexOf(word));
    if ([a, b, what, note, run].includes(-1)) return say("unread", "bad");
    const rowsWhose = (is) => rows.filter(({ cells }) => is(plain(cells[run]))).map(({ at }) => at);
    const [other, without] = [rowsWhose((id) => id && id !== data.run), rowsWhose((id) => !id)];
    if (other.length) return say("foreign", "bad", other.length, some(other));
    if (without.length) return say("unrun", "bad", without.length, some(without));
    let [count, strange] = [0, 0];
    const unclear = [];
    rows.forEach(({ cells }) => {
      const [word, written] = [meant(plain(cells[what])), (cells[note] ?? "").replace(/^'(?=[=+\-@\t\r])/, "")];
      if (word === "" && !written) return;
      const pair = byId.get(`${plain(cells[a])}:${plain(cells[b])}`);
      if (!pair) return void strange++;
      put(pair, word || decision(pair), written || memo(pair));
      if (word === undefined) unclear.push(pair.number); else count++;
    });
    save();
    find();
    if (!canKeep) return;
    const lost = unclear.length ? t("unclear", unclear.length, some(unclear)) : "";
    tell(t("imported", count, strange) + lost, lost ? "warn" : "");
  };
  $("import").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", async (event) => {
    const file = event.target.files[0];
    event.target.value = "";
    if (file) taken(await file.arrayBuffer());
  });
  $("forget").addEventListener("click", () => {
    if (!confirm(t("sure"))) return;
    kept = {};
    same.clear();
    save();
    find();
    say("forgotten");
  });
  $("clear").addEventListener("click", () => {
    Object.assign(wanted, { cause: "", rule: "", decision: "", find: "", raw: "", levels: wanted.levels.map(() => "") });
    filters();
    find();
  });
  addEventListener("beforeprint", () => { list(true); if (shown.length > PRINT_MAX) say("printed", "warn", PRINT_MAX, shown.length); });
  addEventListener("afterprint", () => list());

  // --- the whole page in one language ------------------------------------------------------------------------
  const speak = () => {
    document.documentElement.lang = lang;
    document.title = t("title");
    document.querySelectorAll("[data-t]").forEach((node) => { node.textContent = t(node.dataset.t); });
    $("lang").textContent = t("other");
    $("lang").lang = lang === "ja" ? "en" : "ja";
    $("about").textContent = t("about");
    $("sorts").setAttribute("aria-label", t("sort"));
    $("help").replaceChildren(make("p", {}, t("kept")), make("ul", {}, ...t("keys").map(([key, word]) => make("li", {}, make("kbd", {}, key), ` ${word}`))));
    $("foot").textContent = `Shikaku linkage ${data.release} · ${data.run}`;
    $("pages").setAttribute("aria-label", t("parts"));
    const parts = Array.from({ length: data.parts }, (_, n) => n + 1);
    $("pages").replaceChildren(...(data.parts > 1 ? [make("ul", {}, ...parts.map((n) => make("li", {},
      n === data.part ? make("strong", { "aria-current": "page" }, t("part", n)) : make("a", { href: n === 1 ? "review.html" : `review-${n}.html` }, t("part", n)))))] : []));
    filters();
    sorts();
    list();
  };
  $("lang").addEventListener("click", () => { lang = lang === "ja" ? "en" : "ja"; store(TONGUE, lang); speak(); });
  $("filters").open = matchMedia("(min-width: 60rem)").matches;
  $("app").hidden = false;
  $("tools").hidden = false;
  if (!canKeep) say("unkept", "warn");
  find();
  speak();
})();
