/**
 * Invented artist names, titles and album titles, in a manner that fits the genre. Names are made from word lists and
 * syllables of our own; none is meant to be a real artist.
 *
 * @module
 */
import { type Random, randomInteger } from "../../math/random.ts";

const words = (text: string): string[] => text.trim().split(/\s+/);

const FIRST_NAMES = words(`
  Adela Alma Amos Anouk Arlo Asha August Basil Bea Bruno Calla Caspian Cato Celeste Cleo Cyrus Dahlia Dario Delphine
  Desmond Edda Elio Elodie Emeric Enzo Etta Fabian Faye Felix Flora Freya Gideon Greta Hana Hollis Ida Ilya Imogen Ines
  Isolde Ivo Jonah Josefa Juno Kai Keziah Lars Leda Lior Lotte Lucan Mabel Magnus Marisol Matteo Maud Milo Nadia Nico
  Noor Odette Olin Orla Oscar Otis Paloma Perrin Petra Quill Rafa Ramona Remy Rhea Rosalind Rufus Sabine Saul Selma
  Silas Sorrel Stellan Tamsin Tarek Thea Tobias Una Valentin Vera Vesper Viggo Wilhelmina Willa Xenia Yara Yusuf Zadie
  Zora`);
const LATIN_FIRST_NAMES = words(`
  Abril Alejo Amaya Anselmo Araceli Benicio Brisa Camilo Catalina Damaris Eliseo Emilia Esteban Fermina Fito Gael
  Gracia Hernán Ilia Isidro Jacinta Joaquín Lázaro Leonor Lucero Macarena Maite Manolo Marisol Mateo Nadir Nayeli Noé
  Octavio Paloma Pilar Ramiro Renata Rocío Salma Saúl Soledad Tadeo Thiago Úrsula Vicenta Ximena Yadira Yael Zoraida`);
const ONSETS = words("B Br C Ch D Dr F G Gr H J K Kr L M N P Pr Qu R S Sh St T Th Tr V W Y Z Bl Fl Gl Sk");
const MIDDLES = words(
  "al an ar el en er il in ir ol on or um un ald and arv ell end ern ild ind irv old ond orm ask esk ish ost ust avel eren imon oran ulin",
);
const ENDINGS = words(
  "a o i e ey er en is on um ow ard ell ett ian ick ine ing man mere more sen son ston ton vic well wick worth",
);
const LATIN_ENDINGS = words(
  "a ales anda ante ardo aro ayo eda elo ena era ero eta ía ido illa ino ira oa olo ona ora ón ués uro",
);
const ADJECTIVES = words(`
  Amber Ancient Ashen Bitter Blue Borrowed Brass Broken Burning Calm Careless Chrome Civil Cobalt Cold Copper Crimson
  Crooked Distant Drowsy Electric Empty Faded Fallen Feral Fever Flat Frozen Gentle Gilded Glass Golden Gravel Hidden
  Hollow Honest Idle Inner Iron Ivory Jagged Lantern Late Linen Liquid Lonely Lost Lunar Magnetic Marble Midnight Modest
  Neon Nervous Nocturnal Northern Olive Opal Open Painted Pale Paper Patient Plastic Polar Quiet Rapid Reckless Restless
  Rolling Ruby Rust Salted Scarlet Secret Seven Shallow Silent Silver Sleepless Slow Solar Southern Stolen Stormy Sudden
  Sunken Tender Thirsty Tidal Tin Twin Velvet Violet Wandering Warm Weightless Western Wild Winter Wooden Yellow`);
const NOUNS = words(`
  Alley Anchor Arcade Arrow Atlas Avenue Balcony Beacon Bicycle Bird Bloom Bridge Candle Canyon Carousel Cathedral
  Chandelier Cinema Circus Cloud Coast Comet Compass Corner Courtyard Crown Desert Diamond Door Dream Echo Elevator
  Ember Engine Fable Feather Field Fire Flame Fountain Garden Ghost Glacier Harbor Harvest Heart Highway Horizon House
  Island Jungle Kingdom Ladder Lagoon Lake Lantern Letter Light Lighthouse Machine Map Meadow Memory Mirage Mirror Moon
  Mountain Museum Night Ocean Orchard Parade Petal Phantom Photograph Pilot Planet Postcard Prairie Promise Railway
  Rain Raven Receipt River Road Rocket Room Sailor Satellite Season Shadow Shore Signal Sky Smoke Snow Song Spark
  Stairway Star Station Storm Stranger Street Summer Sunday Sunset Telephone Theater Thunder Tide Tiger Tower Train
  Valley Volcano Wagon Wave Window Winter Wire Wolf Woman World`);
const PLURALS = words(`
  Almanacs Anchors Antlers Badgers Beacons Bellhops Bricklayers Cartographers Chandlers Clockmakers Cormorants Couriers
  Decoys Dynamos Ferrymen Foxgloves Gazelles Glaziers Gondolas Harvesters Herons Ibises Jackdaws Kestrels Lanterns
  Larkspurs Locksmiths Magnetos Mandrakes Marigolds Meridians Millwrights Monocles Nomads Orchards Osprey Pamphlets
  Parakeets Pilgrims Postmen Quarries Ramblers Sailmakers Saplings Semaphores Sextants Shipwrights Sidecars Sleepwalkers
  Stilts Sundials Switchboards Tamarinds Telegraphs Thimbles Tinkers Trawlers Turnstiles Umbras Vagrants Viaducts
  Wanderers Weathervanes Windmills Wrens Zephyrs`);
const VERBS = words(`
  Ask Believe Bleed Break Breathe Burn Call Carry Chase Climb Count Crash Cross Dance Drift Drive Drown Fall Fight Find
  Float Fly Follow Forget Give Glow Hold Hurry Jump Keep Kiss Know Land Lean Leave Lie Listen Live Look Lose Love Miss
  Move Need Open Play Pray Pull Reach Remember Rise Roll Run Sail Save Say See Shake Shine Sing Sink Sleep Slide Spin
  Stand Stay Steal Swim Swing Take Talk Teach Tell Touch Trust Turn Wait Wake Walk Want Watch Whisper Wonder`);
const TIMES = words(
  "Tonight Tomorrow Yesterday Again Forever Sometimes Already Anyway Later Someday Always Alone Together Outside Inside Away Home",
);
const PLACES = words(`
  Alder Avalon Birchwood Calder Cedar Corvina Delmont Eastgate Elmhurst Fairhaven Glenmoor Halden Ironbridge Juniper Kestrel Larkfield
  Marlow Northgate Oakmere Pinecrest Quarry Ridgeway Saltash Thornbury Umber Vesper Westbrook Yarrow Zenith`);
const SPANISH_MASCULINE = words(`
  Amor Beso Calor Camino Cielo Corazón Cuerpo Destino Espejo Fuego Hielo Jardín Mar Recuerdo Río Ritmo Secreto Silencio
  Sol Sueño Tambor Veneno Verano Viento`);
const SPANISH_FEMININE = words(`
  Arena Brisa Calle Canción Ciudad Estrella Fiesta Flor Gitana Guitarra Isla Lágrima Luna Lluvia Madrugada Mentira Mirada
  Noche Ola Orilla Palma Perla Piel Playa Puerta Rosa Sal Selva Sirena Sombra Tarde Tierra Tormenta Vela Vida Voz`);
const SPANISH_NOUNS = [...SPANISH_MASCULINE, ...SPANISH_FEMININE];
const SPANISH_ADJECTIVES = words(`
  Ajeno Amarillo Ardiente Breve Callado Ciego Claro Dulce Eterno Fugaz Helado Herido Infinito Lejano Lento Libre Loco
  Nuevo Oscuro Perdido Prohibido Profundo Puro Rebelde Rojo Salvaje Secreto Suave Tibio Triste Único Valiente Verde`);
const SPANISH_VERBS = words(`
  Abrázame Arrúllame Baila Báilame Bésame Búscame Canta Cuéntame Despierta Dime Enséñame Escápate Espérame Llámame Llévame Mírame
  Muévete Olvídame Perdóname Préstame Quédate Quiéreme Recuérdame Regresa Respira Sálvame Siénteme Suéltame Sueña Vuelve Vámonos`);
const RAP_PREFIXES = words("Lil Yung Big Young Kid OG MC Baby Prince Saint King Uncle Sir Tha");
const RAP_NOUNS = words(`
  Abacus Anvil Ballast Blueprint Bishop Calico Carat Cinder Cipher Cobalt Cutlass Dozer Ember Fathom Flint Gambit Granite
  Havoc Ignition Jigsaw Knuckle Ledger Ligature Mallet Marrow Mercury Nickel Obsidian Onyx Paladin Pendulum Quarter
  Quarry Rampart Razor Rebus Shrapnel Sleeve Static Tactic Talon Tinder Tundra Vandal Velour Verdict Voltage Warden
  Zircon`);
const RAP_TITLES = words(`
  Avenue Bands Block Bottles Bounce Broke Chain Check Clutch Code Concrete Corner Crown Curb Dollar Drip Dues Energy
  Facts Flex Forty Ghost Gold Grind Hunnid Hustle Ice Jersey Keys Ladder Lanes Levels Loyalty Marathon Mask Mile Minks
  Motion Night Numbers Overtime Paper Plug Pressure Profit Racks Respect Rich Ride Rollin Run Scars Shift Silence Smoke
  Solid Squad Stacks Steel Street Struggle Switch Talk Tax Throne Timeless Traffic Trenches Trust Vision Wave Whip Win`);
const EDM_NOUNS = words(`
  Aether Analog Apex Arc Atlas Aurora Axis Binary Carbon Cascade Chroma Circuit Delta Drift Dusk Echo Eclipse Element
  Fractal Fusion Galaxy Gravity Halo Helix Hyper Impulse Infinity Ion Kinetic Lumen Matrix Momentum Nebula Nova Orbit
  Oxide Parallax Particle Phase Photon Prism Pulse Quantum Radiant Resonance Sector Sigma Solstice Sonar Spectrum Static
  Strobe Synapse Vector Velocity Vertex Voltage Vortex Zenith`);
const STREETS = words("Street Avenue Lane Road Boulevard Square Hill Park Bridge Station");
const LIVE_PLACES = words(
  "Harrow Calder Lindenhall Corvina Westbrook Marlow Saltash Delmont Halden Oakmere Avalon Zenith",
);

const pick = (random: Random, list: readonly string[]): string => list[randomInteger(random, list.length)];

/**
 * An invented artist name.
 *
 * @param genre One of the six genres.
 * @param random Source of randomness.
 * @returns A name, not necessarily distinct from earlier ones.
 */
export function artistName(genre: string, random: Random): string {
  const kind = random();
  if (genre === "latin") {
    if (kind < 0.6) return `${pick(random, LATIN_FIRST_NAMES)} ${surname(random, LATIN_ENDINGS)}`;
    if (kind < 0.75) return `Los ${surname(random, LATIN_ENDINGS)}s`;
    if (kind < 0.9) return `${surname(random, LATIN_ENDINGS)} ${pick(random, SPANISH_ADJECTIVES)}`;
    return `Grupo ${surname(random, LATIN_ENDINGS)}`;
  }
  if (genre === "rap") {
    if (kind < 0.45) return `${pick(random, RAP_PREFIXES)} ${longSurname(random)}`;
    if (kind < 0.7) return `${surname(random, ENDINGS)} ${pick(random, RAP_NOUNS)}`;
    if (kind < 0.85) return `${pick(random, RAP_NOUNS)} ${pick(random, RAP_NOUNS)}`;
    return `${pick(random, FIRST_NAMES)} ${pick(random, RAP_NOUNS)}`;
  }
  if (genre === "edm") {
    if (kind < 0.35) return `${pick(random, EDM_NOUNS)} ${surname(random, ENDINGS)}`;
    if (kind < 0.55) return `DJ ${longSurname(random)}`;
    if (kind < 0.75) return `${surname(random, ENDINGS)} & ${surname(random, ENDINGS)}`;
    return `${pick(random, FIRST_NAMES)} ${surname(random, ENDINGS)}`;
  }
  if (genre === "rock") {
    if (kind < 0.45) return `The ${pick(random, ADJECTIVES)} ${pick(random, PLURALS)}`;
    if (kind < 0.6) return `${pick(random, PLACES)} ${pick(random, PLURALS)}`;
    if (kind < 0.75) return `${surname(random, ENDINGS)} ${pick(random, NOUNS)}`;
    return `${pick(random, FIRST_NAMES)} ${surname(random, ENDINGS)}`;
  }
  if (kind < 0.65) return `${pick(random, FIRST_NAMES)} ${surname(random, ENDINGS)}`;
  if (kind < 0.8) return `${pick(random, ADJECTIVES)} ${pick(random, PLURALS)}`;
  return `${surname(random, ENDINGS)} ${pick(random, NOUNS)}`;
}

/**
 * An invented title.
 *
 * @param genre One of the six genres.
 * @param random Source of randomness.
 * @returns A title without tags such as "Live".
 */
export function trackTitle(genre: string, random: Random): string {
  const kind = random();
  if (genre === "latin" && kind < 0.8) {
    if (kind < 0.15) return pick(random, SPANISH_VERBS);
    if (kind < 0.35) {
      const noun = randomInteger(random, SPANISH_NOUNS.length);
      const adjective = pick(random, SPANISH_ADJECTIVES);
      const agreeing = noun < SPANISH_MASCULINE.length ? adjective : adjective.replace(/o$/, "a");
      return `${SPANISH_NOUNS[noun]} ${agreeing}`;
    }
    if (kind < 0.5) {
      return `${pick(random, SPANISH_VERBS)} ${
        pick(random, ["Hoy", "Otra Vez", "Despacio", "Mañana", "Lejos", "Aquí"])
      }`;
    }
    if (kind < 0.65) return `${pick(random, SPANISH_NOUNS)} y ${pick(random, SPANISH_NOUNS)}`;
    return `${pick(random, SPANISH_NOUNS)} de ${pick(random, SPANISH_NOUNS)}`;
  }
  if (genre === "rap" && kind < 0.6) {
    if (kind < 0.1) return pick(random, RAP_TITLES);
    if (kind < 0.35) return `${pick(random, RAP_TITLES)} ${pick(random, RAP_TITLES)}`;
    if (kind < 0.45) return `No ${pick(random, RAP_TITLES)}`;
    return `${pick(random, ADJECTIVES)} ${pick(random, RAP_TITLES)}`;
  }
  if (genre === "edm" && kind < 0.5) {
    if (kind < 0.12) return pick(random, EDM_NOUNS);
    if (kind < 0.35) return `${pick(random, ADJECTIVES)} ${pick(random, EDM_NOUNS)}`;
    return `${pick(random, VERBS)} the ${pick(random, EDM_NOUNS)}`;
  }
  const form = randomInteger(random, 12);
  if (form === 0) return pick(random, NOUNS);
  if (form === 1) return `${pick(random, VERBS)} ${pick(random, TIMES)}`;
  if (form <= 4) return `${pick(random, ADJECTIVES)} ${pick(random, NOUNS)}`;
  if (form === 5) return `${pick(random, VERBS)} Me ${pick(random, TIMES)}`;
  if (form === 6) return `The ${pick(random, NOUNS)} of ${pick(random, PLACES)}`;
  if (form === 7) return `${pick(random, NOUNS)} in the ${pick(random, NOUNS)}`;
  if (form === 8) return `${pick(random, PLACES)} ${pick(random, STREETS)}`;
  if (form === 9) return `Don't ${pick(random, VERBS)} the ${pick(random, NOUNS)}`;
  if (form === 10) return `${pick(random, VERBS)}, ${pick(random, VERBS)}`;
  return `${pick(random, ADJECTIVES)} ${pick(random, NOUNS)}, ${pick(random, ADJECTIVES)} ${pick(random, NOUNS)}`;
}

/**
 * An invented venue, for titles such as "… - Live at Calder Hall".
 *
 * @param random Source of randomness.
 * @returns The name of a place.
 */
export function venueName(random: Random): string {
  return `${pick(random, LIVE_PLACES)} ${pick(random, ["Hall", "Arena", "Festival", "Theatre"])}`;
}

function surname(random: Random, endings: readonly string[]): string {
  return pick(random, ONSETS) + pick(random, MIDDLES) + pick(random, endings);
}

/** Four parts, where a short name could be that of a real artist. */
function longSurname(random: Random): string {
  return pick(random, ONSETS) + pick(random, MIDDLES) + pick(random, MIDDLES) + pick(random, ENDINGS);
}
