using System.Runtime.CompilerServices;

namespace Zoo
{
    internal interface IRunner
    {
        int Run(int a);
    }

    internal delegate int Map(int a);

    internal sealed class Animal : IRunner
    {
        public int Run(int a)
        {
            return Later.Make(a).Weigh(a);
        }

        internal sealed class Nested
        {
            [MethodImpl(MethodImplOptions.InternalCall)]
            internal extern int Deep(byte[] a);

            internal int Managed()
            {
                return 4;
            }
        }

        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern void Feed(int a);
    }

    internal sealed class Later
    {
        internal static Zebra Make(int a)
        {
            return new Zebra();
        }
    }

    internal sealed class Zebra
    {
        [MethodImpl(MethodImplOptions.InternalCall)]
        internal extern int Weigh(int a);
    }
}

namespace Alpha.Beta
{
    internal static class Under_Score
    {
        internal static int Plain(int a)
        {
            return a;
        }

        [MethodImpl(MethodImplOptions.InternalCall)]
        internal static extern int Call_It(int[] a);
    }
}

internal static class NoNamespace
{
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int Global(long a);

    internal static int After(int a)
    {
        return a;
    }
}
