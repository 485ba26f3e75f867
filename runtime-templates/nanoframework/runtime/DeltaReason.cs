namespace Mcu.Runtime
{
    /// <summary>Why a delta image is refused; the numbers of the C form's MCU_DELTA_ERROR_ codes.</summary>
    public static class DeltaReason
    {
        /// <summary>It is not refused.</summary>
        public const int None = 0;

        /// <summary>Shorter or longer than its header and trailer say, or null.</summary>
        public const int Size = 17;

        /// <summary>Not a delta image.</summary>
        public const int Magic = 18;

        /// <summary>Another version of the format, or a reserved field is used.</summary>
        public const int Format = 19;

        /// <summary>Damaged.</summary>
        public const int Crc = 20;

        /// <summary>Made for another base model.</summary>
        public const int Base = 21;

        /// <summary>Made for another compiled form of the base.</summary>
        public const int Abi = 22;

        /// <summary>Records do not follow each other exactly from the directory to the end.</summary>
        public const int Directory = 23;

        /// <summary>Sections that are unknown, missing, or not for this kind of layer.</summary>
        public const int Record = 24;

        /// <summary>Bytes behind a section are not zero.</summary>
        public const int Padding = 25;

        /// <summary>A multiplier, shift, start value or position is out of range.</summary>
        public const int Range = 26;

        /// <summary>An accumulator could overflow, with the other attached images.</summary>
        public const int Overflow = 27;

        /// <summary>Low-rank terms need more scratch memory, or are more, than there is room for.</summary>
        public const int Rank = 28;

        /// <summary>Two images replace the same, or one replaces what the other relies on.</summary>
        public const int Conflict = 29;

        /// <summary>As many images are attached as there is room for.</summary>
        public const int Full = 30;

        /// <summary>Attached already.</summary>
        public const int Attached = 31;

        /// <summary>A compiled-in adapter is selected; it and delta images exclude each other.</summary>
        public const int Adapter = 32;

        /// <summary>The output is not the one that the image promises.</summary>
        public const int SelfTest = 33;
    }
}
