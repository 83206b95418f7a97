/** A call to a function of another file. No model can know its name and arguments without that file. */
export interface CallSite {
  readonly language: string;
  readonly definition: { readonly path: string; readonly text: string };
  /** The text up to the typed part of the call. The test types its last character. */
  readonly caller: { readonly path: string; readonly text: string };
  /**
   * The call's name and arguments, regardless of white space. Ghost text continues the part that the caller already
   * contains.
   */
  readonly call: string;
}

/** Returns the part of the call that ghost text has to begin with. */
export function restOfCall({ call, caller }: CallSite): string {
  for (let typed = call.length - 1; typed > 0; typed--)
    if (caller.text.endsWith(call.slice(0, typed))) return call.slice(typed);
  return call;
}

/** Returns whether ghost text begins with the rest of the call, regardless of white space. */
export function isRight(site: CallSite, ghostText = ''): boolean {
  return withoutSpaces(ghostText).startsWith(withoutSpaces(restOfCall(site)));
}

/** Returns whether ghost text begins with the rest of the name, with any arguments. */
export function hasName(site: CallSite, ghostText = ''): boolean {
  const rest = restOfCall(site);
  return ghostText.startsWith(rest.slice(0, rest.indexOf('(') + 1));
}

const withoutSpaces = (text: string): string => text.replaceAll(/\s/g, '');

/** The sites, written for this test. No program uses these names, so only the file itself reveals them. */
export const CALL_SITES: readonly CallSite[] = [
  {
    language: 'Python',
    definition: {
      path: 'harbour/berths.py',
      text: 'def berth_moored_by(hull_mark, quay_row):\n    """Gives the berth of a vessel."""\n    return BERTHS[quay_row][hull_mark]\n',
    },
    caller: {
      path: 'harbour_master.py',
      text: 'from harbour import berths\n\n\ndef arrive(ship):\n    hull_mark = ship.mark\n    quay_row = ship.row\n    berth = berths.berth_m',
    },
    call: 'berth_moored_by(hull_mark, quay_row)',
  },
  {
    language: 'Python',
    definition: {
      path: 'orchard/press.py',
      text: 'def litres_squeezed_from(crate_code, press_bar):\n    """Litres of juice of a crate."""\n    return crate_code.weight * press_bar / 7\n',
    },
    caller: {
      path: 'cider.py',
      text: 'from orchard import press\n\n\ndef brew(load):\n    crate_code = load.code\n    press_bar = load.bar\n    litres = press.',
    },
    call: 'litres_squeezed_from(crate_code, press_bar)',
  },
  {
    language: 'Python',
    definition: {
      path: 'kiln/glaze.py',
      text: 'def colour_fired_on(shelf_rung, cone_grade, soak_time):\n    """Fires one shelf and gives its colour."""\n    return PALETTE[cone_grade][shelf_rung + soak_time]\n',
    },
    caller: {
      path: 'pottery.py',
      text: 'from kiln import glaze\n\n\ndef night_shift(pot):\n    shelf_rung = pot.rung\n    cone_grade = pot.cone\n    soak_time = pot.soak\n    colour = glaze.',
    },
    call: 'colour_fired_on(shelf_rung, cone_grade, soak_time)',
  },
  {
    language: 'TypeScript',
    definition: {
      path: 'src/ledger.ts',
      text: '/** Books what a guest owes. */\nexport function chalkedRoundFor(guestTab: string, roundPence: number): number {\n  return (tabs[guestTab] ?? 0) + roundPence;\n}\n',
    },
    caller: {
      path: 'src/bar.ts',
      text: "import * as ledger from './ledger';\n\nexport function serve(guest: Guest) {\n  const guestTab = guest.tab;\n  const roundPence = guest.pence;\n  const chalked = ledger.chalkedR",
    },
    call: 'chalkedRoundFor(guestTab, roundPence)',
  },
  {
    language: 'TypeScript',
    definition: {
      path: 'src/weather.ts',
      text: '/** The wind at a mast, in knots. */\nexport function knotsOffMast(mastLabel: string, hourOfWatch: number): number {\n  return readings[mastLabel][hourOfWatch];\n}\n',
    },
    caller: {
      path: 'src/sail.ts',
      text: "import * as weather from './weather';\n\nexport function trim(ship: Ship) {\n  const mastLabel = ship.label;\n  const hourOfWatch = ship.hour;\n  const knots = weather.",
    },
    call: 'knotsOffMast(mastLabel, hourOfWatch)',
  },
  {
    language: 'TypeScript',
    definition: {
      path: 'src/loom.ts',
      text: '/** Weaves a row and gives its width. */\nexport function rowsPastHeddle(warpTint: string, pickCount: number): number {\n  return widths[warpTint] * pickCount;\n}\n',
    },
    caller: {
      path: 'src/cloth.ts',
      text: "import * as loom from './loom';\n\nexport function weave(order: Order) {\n  const warpTint = order.tint;\n  const pickCount = order.picks;\n  const rows = loom.rowsP",
    },
    call: 'rowsPastHeddle(warpTint, pickCount)',
  },
  {
    language: 'JavaScript',
    definition: {
      path: 'lib/pigeon.js',
      text: '/** Sends a letter and gives the hour it left. */\nfunction hourOfRelease(loftNumber, letterWax) {\n  return lofts[loftNumber].send(letterWax);\n}\n\nmodule.exports = { hourOfRelease };\n',
    },
    caller: {
      path: 'post.js',
      text: "const pigeon = require('./lib/pigeon');\n\nfunction deliver(letter) {\n  const loftNumber = letter.loft;\n  const letterWax = letter.wax;\n  const hour = pigeon.hourO",
    },
    call: 'hourOfRelease(loftNumber, letterWax)',
  },
  {
    language: 'JavaScript',
    definition: {
      path: 'lib/bees.js',
      text: '/** Smokes a hive and gives the frames that may be taken. */\nexport function framesPastSmoke(skepPost, puffTally) {\n  return frames[skepPost].slice(puffTally);\n}\n',
    },
    caller: {
      path: 'honey.js',
      text: "import * as bees from './lib/bees.js';\n\nexport function harvest(garden) {\n  const skepPost = garden.post;\n  const puffTally = garden.puffs;\n  const frames = bees.framesP",
    },
    call: 'framesPastSmoke(skepPost, puffTally)',
  },
  {
    language: 'Go',
    definition: {
      path: 'ferry/ferry.go',
      text: 'package ferry\n\n// TollAboard puts a cart on a raft and gives the toll.\nfunc TollAboard(raftSlot int, cartLoad int) int {\n\treturn tolls[raftSlot] * cartLoad\n}\n',
    },
    caller: {
      path: 'crossing.go',
      text: 'package main\n\nimport "example/ferry"\n\nfunc cross(cart Cart) int {\n\traftSlot := cart.Slot\n\tcartLoad := cart.Load\n\ttoll := ferry.TollA',
    },
    call: 'TollAboard(raftSlot, cartLoad)',
  },
  {
    language: 'Go',
    definition: {
      path: 'mill/mill.go',
      text: 'package mill\n\n// FlourFromSack grinds a sack and gives the flour.\nfunc FlourFromSack(sackTwine int, stoneGap int) int {\n\treturn flour[sackTwine] / stoneGap\n}\n',
    },
    caller: {
      path: 'bakery.go',
      text: 'package main\n\nimport "example/mill"\n\nfunc bake(sack Sack) int {\n\tsackTwine := sack.Twine\n\tstoneGap := sack.Gap\n\tflour := mill.FlourF',
    },
    call: 'FlourFromSack(sackTwine, stoneGap)',
  },
  {
    language: 'Rust',
    definition: {
      path: 'src/forge.rs',
      text: '/// Hammers a bar and gives its length.\npub fn length_from_billet(billet_heat: u32, anvil_face: u32) -> u32 {\n    LENGTHS[anvil_face as usize] + billet_heat\n}\n',
    },
    caller: {
      path: 'src/smith.rs',
      text: 'use crate::forge;\n\npub fn shoe(horse: &Horse) -> u32 {\n    let billet_heat = horse.heat;\n    let anvil_face = horse.face;\n    let length = forge::length_f',
    },
    call: 'length_from_billet(billet_heat, anvil_face)',
  },
  {
    language: 'Rust',
    definition: {
      path: 'src/tide.rs',
      text: '/// The depth over a bar at an hour.\npub fn depth_over_shoal(shoal_buoy: u32, bell_hour: u32) -> u32 {\n    DEPTHS[shoal_buoy as usize] - bell_hour\n}\n',
    },
    caller: {
      path: 'src/pilot.rs',
      text: 'use crate::tide;\n\npub fn enter(ship: &Ship) -> bool {\n    let shoal_buoy = ship.buoy;\n    let bell_hour = ship.hour;\n    let depth = tide::',
    },
    call: 'depth_over_shoal(shoal_buoy, bell_hour)',
  },
  {
    language: 'Java',
    definition: {
      path: 'shop/Cheese.java',
      text: 'package shop;\n\npublic final class Cheese {\n    /** Turns a wheel and gives its age. */\n    public static int ageByFlips(int caveShelf, int rindMonth) {\n        return AGES[caveShelf] + rindMonth;\n    }\n}\n',
    },
    caller: {
      path: 'shop/Cellar.java',
      text: 'package shop;\n\npublic final class Cellar {\n    public static int inspect(Wheel wheel) {\n        int caveShelf = wheel.shelf();\n        int rindMonth = wheel.month();\n        int age = Cheese.',
    },
    call: 'ageByFlips(caveShelf, rindMonth)',
  },
  {
    language: 'Java',
    definition: {
      path: 'shop/Lantern.java',
      text: 'package shop;\n\npublic final class Lantern {\n    /** Trims a wick and gives the hours it burns. */\n    public static int hoursUntilSnuffed(int wickPost, int oilDram) {\n        return HOURS[wickPost] * oilDram;\n    }\n}\n',
    },
    caller: {
      path: 'shop/Street.java',
      text: 'package shop;\n\npublic final class Street {\n    public static int dusk(Lamp lamp) {\n        int wickPost = lamp.post();\n        int oilDram = lamp.oil();\n        int hours = Lantern.hoursU',
    },
    call: 'hoursUntilSnuffed(wickPost, oilDram)',
  },
  {
    language: 'C#',
    definition: {
      path: 'Farm/Barn.cs',
      text: 'namespace Farm;\n\npublic static class Barn\n{\n    /// <summary>Stacks hay and gives the height.</summary>\n    public static int HeightPitched(int rickStave, int forkLoad)\n    {\n        return Heights[rickStave] + forkLoad;\n    }\n}\n',
    },
    caller: {
      path: 'Farm/Harvest.cs',
      text: 'using Farm;\n\npublic static class Harvest\n{\n    public static int Bring(Cart cart)\n    {\n        int rickStave = cart.Stave;\n        int forkLoad = cart.Load;\n        int height = Barn.',
    },
    call: 'HeightPitched(rickStave, forkLoad)',
  },
  {
    language: 'Ruby',
    definition: {
      path: 'lib/tram.rb',
      text: 'module Tram\n  # Rings a stop and gives the fare.\n  def self.fare_when_clanged(stop_plate, zone_ring)\n    FARES[zone_ring][stop_plate]\n  end\nend\n',
    },
    caller: {
      path: 'ride.rb',
      text: "require_relative 'lib/tram'\n\ndef ride(trip)\n  stop_plate = trip.plate\n  zone_ring = trip.ring\n  fare = Tram.fare_w",
    },
    call: 'fare_when_clanged(stop_plate, zone_ring)',
  },
  {
    language: 'PHP',
    definition: {
      path: 'inn/Stable.php',
      text: '<?php\n\nclass Stable\n{\n    /** Stalls a mule and gives the price. */\n    public static function priceOfTether($muleBrand, $oatScoop)\n    {\n        return self::$prices[$muleBrand] * $oatScoop;\n    }\n}\n',
    },
    caller: {
      path: 'inn/Inn.php',
      text: "<?php\n\nrequire 'Stable.php';\n\nfunction lodge($guest)\n{\n    $muleBrand = $guest->brand;\n    $oatScoop = $guest->oats;\n    $price = Stable::",
    },
    call: 'priceOfTether($muleBrand, $oatScoop)',
  },
  {
    language: 'C',
    definition: {
      path: 'src/gauge.h',
      text: '/** Reads a well and gives its level. */\nint gauge_level_dipped_in(int well_collar, int rope_knot);\n',
    },
    caller: {
      path: 'src/water.c',
      text: '#include "gauge.h"\n\nint draw(struct well *well)\n{\n    int well_collar = well->collar;\n    int rope_knot = well->knot;\n    int level = gauge_',
    },
    call: 'level_dipped_in(well_collar, rope_knot)',
  },
  {
    language: 'C++',
    definition: {
      path: 'src/organ.hpp',
      text: 'namespace organ {\n\n/** Opens a stop and gives the pitch. */\ninline int pitch_from_rank(int rank_knob, int bellows_step)\n{\n    return pitches[rank_knob] + bellows_step;\n}\n\n}\n',
    },
    caller: {
      path: 'src/recital.cpp',
      text: '#include "organ.hpp"\n\nint play(const Score &score)\n{\n    int rank_knob = score.knob;\n    int bellows_step = score.step;\n    int pitch = organ::pitch_f',
    },
    call: 'pitch_from_rank(rank_knob, bellows_step)',
  },
  {
    language: 'Lua',
    definition: {
      path: 'well/sluice.lua',
      text: 'local sluice = {}\n\n-- Lifts a gate and gives the flow.\nfunction sluice.flow_past_paddle(paddle_rack, water_level)\n  return flows[paddle_rack] * water_level\nend\n\nreturn sluice\n',
    },
    caller: {
      path: 'canal.lua',
      text: "local sluice = require('well.sluice')\n\nlocal function fill(lock)\n  local paddle_rack = lock.rack\n  local water_level = lock.level\n  local flow = sluice.flow_p",
    },
    call: 'flow_past_paddle(paddle_rack, water_level)',
  },
  {
    language: 'Kotlin',
    definition: {
      path: 'src/Printer.kt',
      text: 'object Printer {\n    /** Inks a forme and gives the sheets. */\n    fun sheetsRunOver(formeTray: Int, inkKey: Int): Int {\n        return sheets[formeTray] / inkKey\n    }\n}\n',
    },
    caller: {
      path: 'src/Gazette.kt',
      text: 'fun publish(issue: Issue): Int {\n    val formeTray = issue.tray\n    val inkKey = issue.key\n    val sheets = Printer.sheetsR',
    },
    call: 'sheetsRunOver(formeTray, inkKey)',
  },
  {
    language: 'Scala',
    definition: {
      path: 'src/Quarry.scala',
      text: 'object Quarry {\n  /** Splits a block and gives its weight. */\n  def weightAtWedge(bedSeam: Int, plugRow: Int): Int = {\n    weights(bedSeam) * plugRow\n  }\n}\n',
    },
    caller: {
      path: 'src/Mason.scala',
      text: 'object Mason {\n  def build(wall: Wall): Int = {\n    val bedSeam = wall.seam\n    val plugRow = wall.row\n    val weight = Quarry.weightA',
    },
    call: 'weightAtWedge(bedSeam, plugRow)',
  },
  {
    language: 'Python',
    definition: {
      path: 'kite/winder.py',
      text: 'def metres_reeled_in(spool_notch, gust_score):\n    """Line that comes back."""\n    return REELS[spool_notch] - gust_score\n',
    },
    caller: {
      path: 'flight.py',
      text: 'from kite import winder\n\n\ndef land(kite):\n    spool_notch = kite.notch\n    gust_score = kite.gust\n    metres = winder.metres_r',
    },
    call: 'metres_reeled_in(spool_notch, gust_score)',
  },
  {
    language: 'Python',
    definition: {
      path: 'attic/trunk.py',
      text: 'def value_of_heirloom(trunk_label, dust_layers):\n    """What an heirloom is worth."""\n    return PRICES[trunk_label] * dust_layers\n',
    },
    caller: {
      path: 'auction.py',
      text: 'from attic import trunk\n\n\ndef bid(lot):\n    trunk_label = lot.label\n    dust_layers = lot.dust\n    value = trunk.value_o',
    },
    call: 'value_of_heirloom(trunk_label, dust_layers)',
  },
  {
    language: 'JavaScript',
    definition: {
      path: 'lib/bellows.js',
      text: '/** Counts what a pipe breathes. */\nexport function breathsPastReed(reedSlot, bagPressure) {\n  return reeds[reedSlot] * bagPressure;\n}\n',
    },
    caller: {
      path: 'bagpipe.js',
      text: "import * as bellows from './lib/bellows.js';\n\nexport function play(pipe) {\n  const reedSlot = pipe.slot;\n  const bagPressure = pipe.bag;\n  const breaths = bellows.breathsP",
    },
    call: 'breathsPastReed(reedSlot, bagPressure)',
  },
  {
    language: 'JavaScript',
    definition: {
      path: 'lib/cooper.js',
      text: '/** Counts the staves of a cask. */\nexport function stavesBentOver(caskBrand, hoopRow) {\n  return casks[caskBrand] + hoopRow;\n}\n',
    },
    caller: {
      path: 'winery.js',
      text: "import * as cooper from './lib/cooper.js';\n\nexport function store(wine) {\n  const caskBrand = wine.brand;\n  const hoopRow = wine.row;\n  const staves = cooper.stavesB",
    },
    call: 'stavesBentOver(caskBrand, hoopRow)',
  },
  {
    language: 'Java',
    definition: {
      path: 'shop/Mint.java',
      text: 'package shop;\n\npublic final class Mint {\n    /** Strikes coins and counts them. */\n    public static int coinsStruckBy(int dieNumber, int hammerBlow) {\n        return DIES[dieNumber] * hammerBlow;\n    }\n}\n',
    },
    caller: {
      path: 'shop/Treasury.java',
      text: 'package shop;\n\npublic final class Treasury {\n    public static int fill(Chest chest) {\n        int dieNumber = chest.die();\n        int hammerBlow = chest.blow();\n        int coins = Mint.coinsS',
    },
    call: 'coinsStruckBy(dieNumber, hammerBlow)',
  },
  {
    language: 'C#',
    definition: {
      path: 'Farm/Vine.cs',
      text: 'namespace Farm;\n\npublic static class Vine\n{\n    /// <summary>Counts the grapes of a vat.</summary>\n    public static int GrapesTroddenIn(int vatMark, int footCount)\n    {\n        return Vats[vatMark] * footCount;\n    }\n}\n',
    },
    caller: {
      path: 'Farm/Wine.cs',
      text: 'using Farm;\n\npublic static class Wine\n{\n    public static int Press(Vat vat)\n    {\n        int vatMark = vat.Mark;\n        int footCount = vat.Feet;\n        int grapes = Vine.GrapesT',
    },
    call: 'GrapesTroddenIn(vatMark, footCount)',
  },
  {
    language: 'PHP',
    definition: {
      path: 'inn/Smoke.php',
      text: '<?php\n\nclass Smoke\n{\n    /** Smokes herring and gives the hours. */\n    public static function hoursOverAlder($rackLetter, $herringTally)\n    {\n        return self::$racks[$rackLetter] * $herringTally;\n    }\n}\n',
    },
    caller: {
      path: 'inn/Kitchen.php',
      text: "<?php\n\nrequire 'Smoke.php';\n\nfunction prepare($meal)\n{\n    $rackLetter = $meal->rack;\n    $herringTally = $meal->fish;\n    $hours = Smoke::hoursO",
    },
    call: 'hoursOverAlder($rackLetter, $herringTally)',
  },
  {
    language: 'C',
    definition: {
      path: 'src/rigging.h',
      text: '/** Splices ropes and counts them. */\nint rigging_ropes_spliced_on(int mast_tier, int bosun_mark);\n',
    },
    caller: {
      path: 'src/deck.c',
      text: '#include "rigging.h"\n\nint mend(struct ship *ship)\n{\n    int mast_tier = ship->tier;\n    int bosun_mark = ship->mark;\n    int ropes = rigging_ropes_s',
    },
    call: 'ropes_spliced_on(mast_tier, bosun_mark)',
  },
  {
    language: 'Ruby',
    definition: {
      path: 'lib/yard.rb',
      text: 'module Yard\n  # Bakes bricks and counts them.\n  def self.bricks_baked_by(kiln_door, clay_barrow)\n    KILNS[kiln_door] * clay_barrow\n  end\nend\n',
    },
    caller: {
      path: 'wall.rb',
      text: "require_relative 'lib/yard'\n\ndef raise_wall(plan)\n  kiln_door = plan.door\n  clay_barrow = plan.barrow\n  bricks = Yard.bricks_b",
    },
    call: 'bricks_baked_by(kiln_door, clay_barrow)',
  },
];
