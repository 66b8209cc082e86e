// @ts-check
// Short names and their emoji, in turn. The terminal client is built with this same table: nothing but it may stand here
// between backquotes.

export const TABLE = `
smile 😄 grin 😁 joy 😂 rofl 🤣 slight_smile 🙂 upside_down 🙃 wink 😉 blush 😊 innocent 😇 heart_eyes 😍 kiss 😘 yum 😋
stuck_out_tongue 😛 zany 🤪 hugs 🤗 thinking 🤔 neutral 😐 expressionless 😑 smirk 😏 unamused 😒 roll_eyes 🙄 grimace 😬
relieved 😌 pensive 😔 sleepy 😪 sleeping 😴 mask 😷 sick 🤢 sneeze 🤧 hot 🥵 cold 🥶 dizzy 😵 exploding_head 🤯 cowboy 🤠
party 🥳 sunglasses 😎 nerd 🤓 confused 😕 worried 😟 frown ☹️ open_mouth 😮 astonished 😲 flushed 😳 pleading 🥺
fearful 😨 cry 😢 sob 😭 scream 😱 sweat 😓 sweat_smile 😅 tired 😫 yawn 🥱 triumph 😤 angry 😠 rage 😡 devil 😈 skull 💀
poop 💩 clown 🤡 ghost 👻 alien 👽 robot 🤖 cat 🐱 dog 🐶 fox 🦊 bear 🐻 panda 🐼 lion 🦁 cow 🐮 pig 🐷 frog 🐸 monkey 🐵
chicken 🐔 penguin 🐧 bird 🐦 owl 🦉 bat 🦇 wolf 🐺 horse 🐴 unicorn 🦄 bee 🐝 bug 🐛 butterfly 🦋 snail 🐌 snake 🐍
turtle 🐢 octopus 🐙 crab 🦀 fish 🐟 dolphin 🐬 whale 🐳 seal 🦭 dragon 🐉 elephant 🐘 mouse 🐭 rabbit 🐰
+1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 ok_hand 👌 v ✌️ crossed_fingers 🤞 metal 🤘 call_me 🤙 point_left 👈 point_right 👉
point_up 👆 point_down 👇 wave 👋 raised_hand ✋ vulcan 🖖 clap 👏 raised_hands 🙌 open_hands 👐 pray 🙏 handshake 🤝
muscle 💪 fist ✊ punch 👊 writing_hand ✍️ eyes 👀 brain 🧠 shrug 🤷 facepalm 🤦 bow 🙇 runner 🏃 dancer 💃 walking 🚶
heart ❤️ orange_heart 🧡 yellow_heart 💛 green_heart 💚 blue_heart 💙 purple_heart 💜 black_heart 🖤 broken_heart 💔
sparkling_heart 💖 100 💯 boom 💥 fire 🔥 sparkles ✨ star ⭐ star2 🌟 zap ⚡ sunny ☀️ cloud ☁️ rain 🌧️ snowflake ❄️
snowman ⛄ rainbow 🌈 umbrella ☔ ocean 🌊 moon 🌙 earth 🌍 tree 🌳 seedling 🌱 herb 🌿 four_leaf_clover 🍀 rose 🌹 tulip 🌷
sunflower 🌻 cherry_blossom 🌸 maple_leaf 🍁 mushroom 🍄 apple 🍎 banana 🍌 grapes 🍇 watermelon 🍉 lemon 🍋 strawberry 🍓
tomato 🍅 avocado 🥑 corn 🌽 bread 🍞 cheese 🧀 egg 🥚 pizza 🍕 burger 🍔 fries 🍟 taco 🌮 ramen 🍜 sushi 🍣 rice 🍚
dumpling 🥟 cookie 🍪 cake 🍰 birthday 🎂 chocolate 🍫 candy 🍬 ice_cream 🍨 doughnut 🍩 coffee ☕ tea 🍵 bubble_tea 🧋
beer 🍺 beers 🍻 wine 🍷 cocktail 🍸 champagne 🍾 tada 🎉 confetti 🎊 balloon 🎈 gift 🎁 trophy 🏆 medal 🏅 soccer ⚽
basketball 🏀 tennis 🎾 dart 🎯 game 🎮 dice 🎲 puzzle 🧩 art 🎨 music 🎵 guitar 🎸 headphones 🎧 mic 🎤 movie 🎬 camera 📷
phone 📱 computer 💻 keyboard ⌨️ printer 🖨️ bulb 💡 book 📖 books 📚 memo 📝 pencil ✏️ paperclip 📎 pushpin 📌 calendar 📅
chart 📈 chart_down 📉 clipboard 📋 email 📧 inbox 📥 package 📦 lock 🔒 unlock 🔓 key 🔑 hammer 🔨 wrench 🔧 gear ⚙️
link 🔗 magnet 🧲 microscope 🔬 telescope 🔭 rocket 🚀 airplane ✈️ car 🚗 bus 🚌 train 🚆 bike 🚲 ship 🚢 ferry ⛴️ anchor ⚓
construction 🚧 traffic_light 🚦 house 🏠 office 🏢 hospital 🏥 school 🏫 tent ⛺ mountain ⛰️ beach 🏖️ island 🏝️
hourglass ⌛ watch ⌚ alarm ⏰ clock 🕐 bell 🔔 no_bell 🔕 loudspeaker 📢 speech 💬 thought 💭 zzz 💤 money 💰 gem 💎 crown 👑
check ✅ white_check_mark ✅ x ❌ question ❓ exclamation ❗ warning ⚠️ no_entry ⛔ stop 🛑 recycle ♻️ infinity ♾️ plus ➕
minus ➖ arrow_up ⬆️ arrow_down ⬇️ arrow_left ⬅️ arrow_right ➡️ repeat 🔁 new 🆕 sos 🆘 red_circle 🔴 green_circle 🟢
yellow_circle 🟡 blue_circle 🔵 checkered_flag 🏁 rainbow_flag 🏳️‍🌈 white_flag 🏳️ taiwan 🇹🇼 japan 🇯🇵 germany 🇩🇪 france 🇫🇷
uk 🇬🇧 us 🇺🇸`;
