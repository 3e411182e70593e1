import socket
sk = socket.socket()                            # 创建客户端套接字
sk.connect(('127.0.0.1', 9000))                 # 尝试链接服务器
sk.send('不好'.encode('utf-8'))                 # 向服务端发送信息
ret = sk.recv(1024)                             # 接收服务端的信息
print(ret.decode('utf-8'))                      # 打印接收的内容
sk.close()                                      # 关闭客户端套接字
