// The part of nanoFramework.CoreLibrary that emitted code may use, as a reference surface: signatures alone, from the platform's
// published API. Emitted code is compiled against this and nothing else, so that it cannot use what the platform lacks.
[assembly: System.Reflection.AssemblyVersion("1.17.11.0")]

namespace System
{
    public class Object
    {
        public Object() { }
        public virtual bool Equals(object obj) { throw null; }
        public virtual int GetHashCode() { throw null; }
        public virtual string ToString() { throw null; }
        public Type GetType() { throw null; }
        public static bool ReferenceEquals(object objA, object objB) { throw null; }
        protected object MemberwiseClone() { throw null; }
        ~Object() { }
    }

    public abstract class ValueType { }
    public abstract class Enum : ValueType { }
    public abstract class Delegate { }
    public abstract class MulticastDelegate : Delegate { }
    public interface IAsyncResult { }
    public delegate void AsyncCallback(IAsyncResult ar);
    public abstract class Type { }
    public abstract class Attribute { }
    public struct Void { }
    public struct Boolean { }
    public struct Char { }
    public struct SByte { public const sbyte MaxValue = 127; public const sbyte MinValue = -128; }
    public struct Byte { public const byte MaxValue = 255; public const byte MinValue = 0; }
    public struct Int16 { public const short MaxValue = 32767; public const short MinValue = -32768; }
    public struct UInt16 { public const ushort MaxValue = 65535; public const ushort MinValue = 0; }
    public struct Int32 { public const int MaxValue = 2147483647; public const int MinValue = -2147483648; }
    public struct UInt32 { public const uint MaxValue = 4294967295; public const uint MinValue = 0; }
    public struct Int64 { public const long MaxValue = 9223372036854775807; public const long MinValue = -9223372036854775808; }
    public struct UInt64 { public const ulong MaxValue = 18446744073709551615; public const ulong MinValue = 0; }
    public struct IntPtr { }
    public struct UIntPtr { }
    public struct Single { }
    public struct Double { }
    public struct RuntimeTypeHandle { }
    public struct RuntimeFieldHandle { }
    public struct RuntimeMethodHandle { }

    public sealed class String
    {
        public String(char[] value) { }
        public int Length { get { throw null; } }
    }

    public abstract class Array : Collections.IEnumerable
    {
        protected Array() { }
        public int Length { get { throw null; } }
        public Collections.IEnumerator GetEnumerator() { throw null; }
        public static void Clear(Array array, int index, int length) { throw null; }
        public static void Copy(Array sourceArray, Array destinationArray, int length) { throw null; }
        public static void Copy(Array sourceArray, int sourceIndex, Array destinationArray, int destinationIndex, int length) { throw null; }
    }

    public class Exception
    {
        public Exception() { }
        public Exception(string message) { }
        public Exception(string message, Exception innerException) { }
        public virtual string Message { get { throw null; } }
    }

    public class SystemException : Exception { }

    public class OutOfMemoryException : SystemException
    {
        public OutOfMemoryException() { }
    }

    public static class Console
    {
        public static void WriteLine(string value) { throw null; }
    }

    public struct DateTime
    {
        public static DateTime UtcNow { get { throw null; } }
        public long Ticks { get { throw null; } }
    }

    public class ArgumentException : SystemException
    {
        public ArgumentException() { }
        public ArgumentException(string message) { }
    }

    public class ArgumentNullException : ArgumentException
    {
        public ArgumentNullException() { }
        public ArgumentNullException(string paramName) { }
    }

    public class ArgumentOutOfRangeException : ArgumentException
    {
        public ArgumentOutOfRangeException() { }
        public ArgumentOutOfRangeException(string paramName) { }
    }

    public enum AttributeTargets
    {
        Assembly = 1,
        Class = 4,
        Struct = 8,
        Method = 64,
        All = 32767,
    }

    public sealed class AttributeUsageAttribute : Attribute
    {
        public AttributeUsageAttribute(AttributeTargets validOn) { }
        public bool AllowMultiple { get { throw null; } set { } }
        public bool Inherited { get { throw null; } set { } }
    }

    public sealed class ParamArrayAttribute : Attribute { }

    public interface IDisposable
    {
        void Dispose();
    }
}

namespace System.Collections
{
    public interface IEnumerable
    {
        IEnumerator GetEnumerator();
    }

    public interface IEnumerator
    {
        bool MoveNext();
        object Current { get; }
        void Reset();
    }
}

namespace System.Diagnostics
{
    public sealed class DebuggableAttribute : Attribute
    {
        public DebuggableAttribute(DebuggingModes modes) { }

        [Flags]
        public enum DebuggingModes
        {
            None = 0,
            Default = 1,
            IgnoreSymbolStoreSequencePoints = 2,
            EnableEditAndContinue = 4,
            DisableOptimizations = 256,
        }
    }
}

namespace System
{
    public class FlagsAttribute : Attribute { }
}

namespace System.Reflection
{
    public sealed class AssemblyTitleAttribute : Attribute
    {
        public AssemblyTitleAttribute(string title) { }
    }

    public sealed class AssemblyVersionAttribute : Attribute
    {
        public AssemblyVersionAttribute(string version) { }
    }

    public sealed class AssemblyFileVersionAttribute : Attribute
    {
        public AssemblyFileVersionAttribute(string version) { }
    }

    public sealed class AssemblyNativeVersionAttribute : Attribute
    {
        public AssemblyNativeVersionAttribute(string version) { }
    }

    public sealed class DefaultMemberAttribute : Attribute
    {
        public DefaultMemberAttribute(string memberName) { }
    }
}

namespace System.Runtime.CompilerServices
{
    public class RuntimeHelpers
    {
        public static void InitializeArray(Array array, RuntimeFieldHandle fldHandle) { throw null; }
    }

    public enum MethodImplOptions
    {
        Unmanaged = 4,
        NoInlining = 8,
        ForwardRef = 16,
        Synchronized = 32,
        InternalCall = 4096,
    }

    public sealed class MethodImplAttribute : Attribute
    {
        public MethodImplAttribute(MethodImplOptions methodImplOptions) { }
    }
}
