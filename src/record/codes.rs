//! The closed lists of the record: each value and the code it has in JSON, in one table.

/// Declares an enum whose variants have a code, with `ALL`, `code` and `parse`.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* #[doc = concat!("`", $code, "`")] $variant,)+ }

        impl $name {
            /// Every value, in the schema's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The value's code in JSON.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The value with this code.
            pub fn parse(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }

        impl $crate::record::json::Code for $name {
            const ALL: &'static [Self] = Self::ALL;

            fn code(self) -> &'static str {
                self.code()
            }
        }
    };
}

codes! {
    /// Which of the three sides of the case a record is.
    Kind { Missing = "missing", Unidentified = "unidentified", Unclaimed = "unclaimed", }
}
codes! {
    /// By what a pair was ruled out.
    ExclusionMethod {
        Dna = "dna", Dental = "dental", Fingerprints = "fingerprints", Visual = "visual",
        Circumstances = "circumstances", Other = "other",
    }
}
codes! {
    /// Biological sex.
    Sex { Female = "female", Male = "male", Intersex = "intersex", }
}
codes! {
    /// Ancestry, as case systems record it.
    Ancestry {
        White = "white", Black = "black", Hispanic = "hispanic", Asian = "asian", Indigenous = "indigenous",
        PacificIslander = "pacific_islander", MiddleEastern = "middle_eastern", Other = "other",
    }
}
codes! {
    /// Hair colour.
    HairColor {
        Black = "black", Brown = "brown", Blond = "blond", Sandy = "sandy", Red = "red", Gray = "gray",
        White = "white", Bald = "bald", Dyed = "dyed",
    }
}
codes! {
    /// Eye colour.
    EyeColor {
        Brown = "brown", Blue = "blue", Green = "green", Hazel = "hazel", Gray = "gray", Black = "black",
        Maroon = "maroon", Pink = "pink", Multicolored = "multicolored",
    }
}
codes! {
    /// ABO blood group, with or without the Rh factor.
    BloodType {
        OPositive = "O+", ONegative = "O-", APositive = "A+", ANegative = "A-", BPositive = "B+",
        BNegative = "B-", AbPositive = "AB+", AbNegative = "AB-", O = "O", A = "A", B = "B", Ab = "AB",
    }
}
codes! {
    /// What a name is to the person.
    NameUse {
        Legal = "legal", Birth = "birth", Alias = "alias", Nickname = "nickname", Possible = "possible",
    }
}
codes! {
    /// How far decay or injury of the remains went.
    Condition {
        Recognizable = "recognizable", Decomposed = "decomposed", InsectActivity = "insect_activity",
        PartialSoftTissue = "partial_soft_tissue", Mummified = "mummified", Burned = "burned",
        Traumatized = "traumatized", Skeleton = "skeleton", PartialSkeleton = "partial_skeleton",
    }
}
codes! {
    /// A part of the body that may not have been recovered.
    BodyRegion { Head = "head", Torso = "torso", Limbs = "limbs", Hands = "hands", }
}
codes! {
    /// What sort of mark of the body.
    FeatureKind {
        Tattoo = "tattoo", Scar = "scar", Piercing = "piercing", Amputation = "amputation",
        Deformity = "deformity", Artificial = "artificial", Fracture = "fracture", Medical = "medical",
        Nails = "nails", Other = "other",
    }
}
codes! {
    /// What sort of belonging.
    BelongingKind {
        Clothing = "clothing", Footwear = "footwear", Jewelry = "jewelry", Accessory = "accessory",
        Eyewear = "eyewear", Other = "other",
    }
}
codes! {
    /// Where a belonging was.
    Position { OnBody = "on_body", NearBody = "near_body", }
}
codes! {
    /// What a relative is to the missing person.
    Relation {
        Mother = "mother", Father = "father", Child = "child", FullSibling = "full_sibling",
        HalfSibling = "half_sibling", Grandparent = "grandparent", AuntUncle = "aunt_uncle", Cousin = "cousin",
    }
}
