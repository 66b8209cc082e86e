// @ts-check
// All that the page says, in English and in Traditional Chinese. Pure. A text is a key with what it is about, and
// becomes words only where it is shown; what a server says in its own words is a plain string.

/**
 * @typedef {string | {key: string, [about: string]: string | number}} Text
 * @typedef {'en' | 'zh-Hant'} Language
 * @typedef {(text: Text, about?: Record<string, string | number>) => string} Say
 */

/** `.one` is for a count of one. @type {Record<string, string>} */
export const EN = {
  'home.question': 'Which room?',
  'home.about': 'Everyone who opens the same room talks there. A room begins with its first visitor.',
  'home.room': 'Room name',
  'home.enter': 'Enter',
  'home.hint': 'Letters, digits and _ of any script, up to 94.',
  'home.recent': 'Where you were',

  'rooms.open': 'Rooms',
  'rooms.heading': 'Rooms',
  'rooms.recent': 'Where you were',
  'rooms.here': 'On this server',
  'rooms.none': 'No room has a message or a member yet.',
  'rooms.unreachable': 'The server does not say which rooms it has.',
  'rooms.people': '{count} people',
  'rooms.people.one': '{count} person',
  'rooms.tabs': 'Open rooms',
  'rooms.leave': 'Leave {room}',
  'rooms.last': 'This is the only open room; /join another one first, or /quit.',
  'rooms.unread': '{count} new',

  'room.needed': 'A room needs a name.',
  'room.letters': 'A room’s name has only letters, digits and _.',
  'room.long': 'A room’s name has at most {most} characters; this one has {length}.',
  'room.reserved': '“{name}” is a name of the server itself, take another.',

  'name.unprintable': 'A name has no control or other unprintable characters.',
  'name.invisible': 'A name starts with a visible character.',
  'name.long': 'A name has at most {most} characters; this one has {length}.',
  'name.bytes': 'A name has at most {most} bytes in UTF-8; this one has {bytes}.',
  'name.taken': '“{wish}” is taken here; you are “{name}”.',
  'name.needed': 'Say which name: /nick NAME',

  'status.connected': 'Connected',
  'status.connecting': 'Connecting…',
  'status.offline': 'You are offline.',
  'status.queued': '{count} messages wait here to be sent.',
  'status.queued.one': '{count} message waits here to be sent.',
  'status.countdown': 'Trying again in {seconds} s.',
  'status.try': 'Try now',

  'lost.1001': 'The server went away.',
  'lost.1009': 'A message was too large for the server.',
  'lost.1011': 'The server made a mistake.',
  'lost.1013': 'The server is busy.',
  'lost.4001': 'The server did not understand this page; reload it.',
  'lost.4002': 'You are not allowed in here.',
  'lost.4003': 'This server cannot have a room of that name.',
  'lost.4100': 'This connection was too slow for the room.',
  'lost.4101': 'Too much was sent at once.',
  'lost.4102': 'This server has as many rooms as it may.',
  'lost.4200': 'The server is restarting.',
  'lost.4201': 'The history was replaced.',
  'lost.other': 'The connection was lost.',

  'people.show': 'People',
  'people.label': 'People',
  'people.here': 'Here now: {count}',
  'people.you': '(you)',
  'people.typing': 'typing…',
  'people.others': 'and {count} others',
  'people.others.one': 'and {count} other',
  'people.name': 'Your name',
  'people.change': 'Change',
  'people.notify': 'Tell me when I am mentioned',

  'notify.denied': 'This browser does not allow notifications of this page.',

  'typing.some': '{names} are typing…',
  'typing.some.one': '{names} is typing…',
  'typing.many': 'Several people are typing…',

  'log.label': 'Messages',
  'log.empty': 'No messages yet. Write the first one.',
  'log.older': 'Show older messages',
  'log.newer': 'Show newer messages',
  'log.newest': 'To the newest ↓',
  'log.unseen': '{count} new messages ↓',
  'log.unseen.one': '{count} new message ↓',
  'log.line': 'New messages',
  'log.cleared': 'What was here is cleared away on this page.',
  'log.unclear': 'Show it again',
  'log.trimmed': 'Some messages are missing here: they were removed before this page came back.',
  'log.replaced': 'The server’s history begins anew here. Messages sent in between may be missing.',
  'log.target_trimmed': 'The message of this link is not kept any more.',
  'log.target_replaced': 'The message of this link was in a history that this server no longer has.',

  'message.empty': '(empty message)',
  'message.whole': 'Show all {count} characters',
  'message.sending': 'sending…',
  'message.queued': 'not sent yet',
  'message.failed': 'Not sent: {why}',
  'message.refused': 'refused',
  'message.again': 'Send again',
  'message.discard': 'Discard',
  'message.link': 'Link to this message, {time}',
  'message.lost': 'the server began a new history before this was seen in it',
  'message.too_large': 'too large for this server',
  'message.still_too_large': 'This is still too long for this server.',

  'composer.label': 'Message',
  'composer.placeholder': 'Write a message',
  'composer.send': 'Send',
  'composer.bytes': 'This is {bytes} bytes too long for this server.',
  'composer.unknown': 'There is no command /{name}, so this was not sent. /help lists them all; to send it as it is, put one more / in front.',
  'composer.unknown_near': 'There is no command /{name}, so this was not sent. Did you mean /{near}? To send it as it is, put one more / in front.',
  'composer.suggestions': 'Suggestions',

  'notice.close': 'Close',
  'notice.storage': 'This browser’s storage is full or blocked: what is not sent yet would be lost by a reload.',

  'search.open': 'Search',
  'search.label': 'Search in the loaded messages',
  'search.hits': '{at} of {count}',
  'search.none': 'Nothing found',
  'search.older': 'Earlier match',
  'search.newer': 'Later match',
  'search.close': 'Close search',

  'history.none': 'There is nothing older here.',

  'ignore.on': 'Messages of “{name}” are hidden on this page. /ignore {name} shows them again.',
  'ignore.off': 'Messages of “{name}” are shown again.',
  'ignore.self': 'That is your own name; your messages stay.',
  'ignore.nobody': 'Nobody is ignored. /ignore NAME hides what they write.',
  'ignore.list': 'Ignored: {names}',

  'me.needed': 'Say what you do: /me waves',

  'help.heading': 'Commands',
  'help.help': '/help – this list',
  'help.nick': '/nick NAME – another name for you',
  'help.me': '/me TEXT – says what you do',
  'help.join': '/join ROOM – opens another room beside this one',
  'help.part': '/part – leaves this room',
  'help.rooms': '/rooms – rooms to go to',
  'help.who': '/who – who is here',
  'help.history': '/history – older messages, as by scrolling up',
  'help.search': '/search TEXT – finds it in the loaded messages',
  'help.ignore': '/ignore NAME – hides what they write, or shows it again',
  'help.clear': '/clear – an empty page; the messages stay on the server',
  'help.quit': '/quit – leaves all rooms, for the page that picks one',
  'help.slash': '//TEXT – sends TEXT with a slash in front',
  'help.emoji': ':smile: becomes 😄, `code` and ```blocks of code``` are shown as such',
  'help.keys': 'Alt+↑, Alt+↓ – another open room; with Shift one with new messages. Escape – to the newest message',

  noscript: 'This page needs JavaScript.',
};

/** @type {Record<string, string>} */
export const ZH_HANT = {
  'home.question': '要進哪個聊天室？',
  'home.about': '打開同一個聊天室的人就在那裡交談。第一位訪客到來時，聊天室就開始了。',
  'home.room': '聊天室名稱',
  'home.enter': '進入',
  'home.hint': '任何文字的字母、數字和 _，最多 94 個。',
  'home.recent': '去過的聊天室',

  'rooms.open': '聊天室',
  'rooms.heading': '聊天室',
  'rooms.recent': '去過的聊天室',
  'rooms.here': '這個伺服器上的聊天室',
  'rooms.none': '還沒有任何聊天室有訊息或成員。',
  'rooms.unreachable': '伺服器沒有回答有哪些聊天室。',
  'rooms.people': '{count} 人',
  'rooms.tabs': '開著的聊天室',
  'rooms.leave': '離開 {room}',
  'rooms.last': '這是唯一開著的聊天室；請先用 /join 打開另一個，或用 /quit 離開。',
  'rooms.unread': '{count} 則新訊息',

  'room.needed': '聊天室需要名稱。',
  'room.letters': '聊天室名稱只能有字母、數字和 _。',
  'room.long': '聊天室名稱最多 {most} 個字；這個有 {length} 個。',
  'room.reserved': '「{name}」是伺服器自己用的名稱，請換一個。',

  'name.unprintable': '名字不能有控制字元或其他無法顯示的字元。',
  'name.invisible': '名字的第一個字要看得見。',
  'name.long': '名字最多 {most} 個字；這個有 {length} 個。',
  'name.bytes': '名字最多 {most} 個 UTF-8 位元組；這個有 {bytes} 個。',
  'name.taken': '這裡已經有人叫「{wish}」；你是「{name}」。',
  'name.needed': '請寫出名字：/nick 名字',

  'status.connected': '已連線',
  'status.connecting': '連線中…',
  'status.offline': '你離線了。',
  'status.queued': '有 {count} 則訊息等著送出。',
  'status.countdown': '{seconds} 秒後再試。',
  'status.try': '現在就試',

  'lost.1001': '伺服器離開了。',
  'lost.1009': '有一則訊息對伺服器來說太大。',
  'lost.1011': '伺服器出了錯。',
  'lost.1013': '伺服器忙碌中。',
  'lost.4001': '伺服器看不懂這個網頁；請重新載入。',
  'lost.4002': '你不能進入這裡。',
  'lost.4003': '這個伺服器不能有這個名稱的聊天室。',
  'lost.4100': '這個連線對聊天室來說太慢。',
  'lost.4101': '一次送出太多了。',
  'lost.4102': '這個伺服器的聊天室已經滿了。',
  'lost.4200': '伺服器正在重新啟動。',
  'lost.4201': '歷史紀錄被換掉了。',
  'lost.other': '連線中斷了。',

  'people.show': '成員',
  'people.label': '成員',
  'people.here': '現在在這裡：{count}',
  'people.you': '（你）',
  'people.typing': '正在輸入…',
  'people.others': '以及另外 {count} 人',
  'people.name': '你的名字',
  'people.change': '更改',
  'people.notify': '有人提到我時通知我',

  'notify.denied': '這個瀏覽器不允許本網頁發出通知。',

  'typing.some': '{names} 正在輸入…',
  'typing.many': '好幾個人正在輸入…',

  'log.label': '訊息',
  'log.empty': '還沒有訊息。寫下第一則吧。',
  'log.older': '顯示更早的訊息',
  'log.newer': '顯示更新的訊息',
  'log.newest': '到最新 ↓',
  'log.unseen': '{count} 則新訊息 ↓',
  'log.line': '新訊息',
  'log.cleared': '這裡原有的訊息在這個網頁上已清除。',
  'log.unclear': '再次顯示',
  'log.trimmed': '這裡少了一些訊息：在這個網頁回來之前就被移除了。',
  'log.replaced': '伺服器的歷史從這裡重新開始。其間送出的訊息可能不見了。',
  'log.target_trimmed': '這個連結的訊息已經不再保存。',
  'log.target_replaced': '這個連結的訊息所在的歷史，這個伺服器已經沒有了。',

  'message.empty': '（空白訊息）',
  'message.whole': '顯示全部 {count} 個字',
  'message.sending': '傳送中…',
  'message.queued': '尚未送出',
  'message.failed': '沒有送出：{why}',
  'message.refused': '被拒絕',
  'message.again': '再送一次',
  'message.discard': '捨棄',
  'message.link': '這則訊息的連結，{time}',
  'message.lost': '還沒看到它，伺服器就開始了新的歷史',
  'message.too_large': '對這個伺服器來說太大',
  'message.still_too_large': '這對這個伺服器來說還是太長。',

  'composer.label': '訊息',
  'composer.placeholder': '寫一則訊息',
  'composer.send': '送出',
  'composer.bytes': '這比伺服器允許的長了 {bytes} 個位元組。',
  'composer.unknown': '沒有 /{name} 這個指令，所以沒有送出。/help 列出所有指令；要照樣送出，請在前面再加一個 /。',
  'composer.unknown_near': '沒有 /{name} 這個指令，所以沒有送出。是不是 /{near}？要照樣送出，請在前面再加一個 /。',
  'composer.suggestions': '建議',

  'notice.close': '關閉',
  'notice.storage': '這個瀏覽器的儲存空間已滿或被封鎖：重新載入會失去尚未送出的訊息。',

  'search.open': '搜尋',
  'search.label': '在已載入的訊息中搜尋',
  'search.hits': '第 {at} 個，共 {count} 個',
  'search.none': '沒有找到',
  'search.older': '上一個',
  'search.newer': '下一個',
  'search.close': '關閉搜尋',

  'history.none': '沒有更早的訊息了。',

  'ignore.on': '這個網頁不再顯示「{name}」的訊息。/ignore {name} 可以再次顯示。',
  'ignore.off': '再次顯示「{name}」的訊息。',
  'ignore.self': '那是你自己的名字；你的訊息不會隱藏。',
  'ignore.nobody': '沒有忽略任何人。/ignore 名字 可以隱藏那個人的訊息。',
  'ignore.list': '已忽略：{names}',

  'me.needed': '請寫出你在做什麼：/me 揮手',

  'help.heading': '指令',
  'help.help': '/help – 這份清單',
  'help.nick': '/nick 名字 – 換一個名字',
  'help.me': '/me 文字 – 說你在做什麼',
  'help.join': '/join 聊天室 – 在旁邊打開另一個聊天室',
  'help.part': '/part – 離開這個聊天室',
  'help.rooms': '/rooms – 可以去的聊天室',
  'help.who': '/who – 誰在這裡',
  'help.history': '/history – 更早的訊息，和往上捲一樣',
  'help.search': '/search 文字 – 在已載入的訊息中尋找',
  'help.ignore': '/ignore 名字 – 隱藏那個人的訊息，或再次顯示',
  'help.clear': '/clear – 清空畫面；訊息仍在伺服器上',
  'help.quit': '/quit – 離開所有聊天室，回到選擇聊天室的網頁',
  'help.slash': '//文字 – 送出以斜線開頭的文字',
  'help.emoji': ':smile: 會變成 😄，`程式碼` 和 ```程式碼區塊``` 會照樣顯示',
  'help.keys': 'Alt+↑、Alt+↓ – 另一個開著的聊天室；再加 ⇧ 到有新訊息的聊天室。Esc – 到最新的訊息',

  noscript: '這個網頁需要 JavaScript。',

  'code.rate_limited': '一秒內送出太多；請稍候再送',
  'code.inflight_exceeded': '還沒確認的訊息太多；請等候確認再送',
  'code.stale_n': '計數落後太多，無法判斷是否重複',
  'code.bad_name': '這不能當名字：要有 1 到 32 個可顯示的字',
  'code.busy': '伺服器現在太忙；請稍後再送',
  'code.unavailable': '訊息無法儲存，沒有被接受；請再送一次',
  'code.too_large': '訊息超過上限；一次請少送一些',
};

/** @type {Record<Language, Record<string, string>>} */
const WORDS = {en: EN, 'zh-Hant': ZH_HANT};

/**
 * The page's language, and how numbers and times are written, for somebody who wants `wanted`, best first.
 * @param {readonly string[]} wanted as navigator.languages
 * @returns {{language: Language, locale: string}}
 */
export function languageFor(wanted) {
  for (const locale of wanted) {
    if (/^zh\b/i.test(locale)) return {language: 'zh-Hant', locale: /^zh-(cn|sg|hans)/i.test(locale) ? 'zh-Hant' : locale};
    if (/^en\b/i.test(locale)) return {language: 'en', locale};
  }
  return {language: 'en', locale: 'en'};
}

/** What a server said, to be said in the reader's language where it is known. @param {{code: string, text: string}} error @returns {Text} */
export const saidBy = ({code, text}) => ({key: `code.${code}`, text});

/**
 * What turns texts into words.
 * @param {Language} language @param {string} locale
 * @returns {Say}
 */
export function sayIn(language, locale) {
  const words = WORDS[language];
  const numbers = new Intl.NumberFormat(locale);
  return (text, about) => {
    if (typeof text === 'string' && words[text] === undefined) return text;
    const said = typeof text === 'string' ? {key: text, ...about} : text;
    const one = /** @type {Record<string, unknown>} */ (said).count === 1 ? words[`${said.key}.one`] : undefined;
    const pattern = one ?? words[said.key] ?? String(/** @type {any} */ (said).text ?? said.key);
    return pattern.replace(/\{(\w+)\}/g, (whole, name) => {
      const value = /** @type {Record<string, unknown>} */ (said)[name];
      if (value === undefined) return whole;
      return typeof value === 'number' ? numbers.format(value) : String(value);
    });
  };
}

/** A name or another's text inside of a sentence: its direction of writing stays its own. @param {string} text */
export const isolated = (text) => `\u2068${text}\u2069`;
